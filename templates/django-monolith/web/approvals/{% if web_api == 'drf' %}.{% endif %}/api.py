"""The operations of `/api/approvals/`: list, create, decide."""

from typing import Any, ClassVar, cast

from chassis.django.drf import APIView, Permitted
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import BaseSerializer

from web.accounts.models import User
from web.approvals import services
from web.approvals.models import ApprovalRequest, ApprovalRequestQuerySet
from web.approvals.permissions import CREATE, DECIDE, READ
from web.tenancy import current_tenant

Status = ApprovalRequest.Status


class ApprovalSerializer(serializers.ModelSerializer[ApprovalRequest]):
    """A request as it is stored; people are named by their key, the amount is in euros."""

    class Meta:
        model = ApprovalRequest
        fields = (
            "id",
            "title",
            "amount",
            "purpose",
            "status",
            "requested_by",
            "requested_at",
            "decided_by",
            "decided_at",
        )
        read_only_fields = fields[4:]


class DecisionSerializer(serializers.Serializer[Any]):
    """What became of it."""

    status = serializers.ChoiceField([Status.APPROVED, Status.REJECTED])


class FilterSerializer(serializers.Serializer[Any]):
    """Which requests to list."""

    status = serializers.ChoiceField(Status.choices, required=False)


class ApprovalViewSet(
    APIView,
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    viewsets.GenericViewSet[ApprovalRequest],
):
    """Requests of the caller's tenant, newest first."""

    serializer_class = ApprovalSerializer
    permission_classes = (Permitted,)
    permissions: ClassVar[dict[str, str]] = {"list": READ, "create": CREATE, "decision": DECIDE}
    lookup_value_regex = "[0-9a-f-]{36}"
    queryset = ApprovalRequest.objects.all()

    def get_queryset(self) -> ApprovalRequestQuerySet:
        """Leave out other tenants, and other statuses if one is asked for."""
        found = ApprovalRequest.objects.for_tenant(current_tenant(self.request))
        filters = FilterSerializer(data=self.request.query_params)
        filters.is_valid(raise_exception=True)
        return found.filter(**filters.validated_data)

    @extend_schema(parameters=[FilterSerializer])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the requests, a page at a time."""
        return super().list(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[ApprovalRequest]) -> None:
        """Ask for something, in the caller's name."""
        serializer.instance = services.submit(
            **serializer.validated_data,
            tenant=current_tenant(self.request),
            by=cast(User, self.request.user),
        )

    @extend_schema(request=DecisionSerializer, responses=ApprovalSerializer)
    @action(detail=True, methods=["post"])
    def decision(self, request: Request, pk: str) -> Response:
        """Approve or reject; 403 and 409 say why that cannot be."""
        wanted = DecisionSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        status = wanted.validated_data["status"]
        decide = services.approve if status == Status.APPROVED else services.reject
        decided = decide(approval=self.get_object(), by=cast(User, request.user))
        return Response(ApprovalSerializer(decided).data)


router = SimpleRouter(trailing_slash=False)
router.register("", ApprovalViewSet, basename="approvals")
