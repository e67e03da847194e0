"""The operations of `/api/approvals/`: list, create, read, decide, and the attachment."""

from typing import Any, ClassVar, cast

from chassis.django.api.drf import FILE, APIView, Attachment, Permitted
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import BaseSerializer

from web.accounts.models import User
from web.approvals import queries, services
from web.approvals.models import ApprovalRequest, ApprovalRequestQuerySet
from web.approvals.permissions import CREATE, DECIDE, READ
from web.tenancy import current_tenant

Status = ApprovalRequest.Status


class ApprovalSerializer(serializers.ModelSerializer[ApprovalRequest]):
    """A stored request: IDs of people, the amount in euros, a PDF, PNG or JPEG attachment."""

    attachment = Attachment(write_only=True, required=False, allow_null=True)

    class Meta:
        model = ApprovalRequest
        fields = (
            "title",
            "amount",
            "purpose",
            "attachment",
            "id",
            "attachment_name",
            "status",
            "requested_by",
            "requested_at",
            "decided_by",
            "decided_at",
            "comment",
        )
        read_only_fields = fields[4:]


class DecisionSerializer(serializers.Serializer[Any]):
    """The decision on a request, and a comment."""

    status = serializers.ChoiceField([Status.APPROVED, Status.REJECTED])
    comment = serializers.CharField(max_length=1000, required=False, allow_blank=True)


class FilterSerializer(serializers.Serializer[Any]):
    """The filters of the list."""

    status = serializers.ChoiceField(Status.choices, required=False)


@extend_schema_view(
    list=extend_schema(operation_id="approvals_list", parameters=[FilterSerializer]),
    create=extend_schema(operation_id="approvals_create"),
    retrieve=extend_schema(operation_id="approvals_read"),
)
class ApprovalViewSet(
    APIView,
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[ApprovalRequest],
):
    """The requests of the caller's tenant, newest first."""

    serializer_class = ApprovalSerializer
    permission_classes = (Permitted,)
    permissions: ClassVar[dict[str, str]] = {
        "list": READ,
        "create": CREATE,
        "retrieve": READ,
        "attachment": READ,
        "decision": DECIDE,
    }
    newest_by = "requested_at"
    lookup_value_regex = "[0-9a-f-]{36}"
    queryset = ApprovalRequest.objects.all()

    def get_queryset(self) -> ApprovalRequestQuerySet:
        """Return the requests of the caller's tenant, with the given status if there is one."""
        filters = FilterSerializer(data=self.request.query_params.dict())
        filters.is_valid(raise_exception=True)
        return queries.visible(self.request).matching(**filters.validated_data)

    def perform_create(self, serializer: BaseSerializer[ApprovalRequest]) -> None:
        """Create the request in the name of the caller."""
        serializer.instance = services.submit(
            **serializer.validated_data,
            tenant=current_tenant(self.request),
            by=cast(User, self.request.user),
        )

    @extend_schema(operation_id="approvals_attachment", responses=FILE)
    @action(detail=True)
    def attachment(self, request: Request, pk: str) -> HttpResponseBase:
        """Return the attachment of a request as a download."""
        return queries.attachment(request._request, self.get_object().pk)

    @extend_schema(
        operation_id="approvals_decide", request=DecisionSerializer, responses=ApprovalSerializer
    )
    @action(detail=True, methods=["post"])
    def decision(self, request: Request, pk: str) -> Response:
        """Approve or reject a request. A 403 or 409 gives the reason of a refusal."""
        wanted = DecisionSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        chosen = dict(wanted.validated_data)
        decide = services.approve if chosen.pop("status") == "approved" else services.reject
        decided = decide(approval=self.get_object(), by=cast(User, request.user), **chosen)
        return Response(ApprovalSerializer(decided).data)


router = SimpleRouter(trailing_slash=False)
router.register("", ApprovalViewSet, basename="approvals")
