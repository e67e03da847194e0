"""Django REST framework with sessions, tokens, deny by default and problem details."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework import exceptions, serializers
from rest_framework.pagination import BasePagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView as RestAPIView

from chassis import cursors
from chassis.django import errors
from chassis.django.api.admission import admit
from chassis.django.api.openapi import complete
from chassis.django.api.pagination import newest_first
from chassis.django.files import uploads
from chassis.django.people import roles
from chassis.problems import ProblemError


class Pages(BasePagination):
    """Paging by `?limit=&after=`; the view's `newest_by` names the timestamp field to order by."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return the rows of the requested page."""
        query = _PageQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        page = newest_first(queryset, by=view.newest_by, **query.validated_data)
        self._cursor = page.next_cursor
        return page.items

    def get_paginated_response(self, data: Any) -> Response:
        """Return the response with the rows and the cursor of the next page."""
        return Response({"items": data, "next_cursor": self._cursor})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the OpenAPI schema of a page of rows."""
        members = {
            "items": schema,
            "next_cursor": {"type": ["string", "null"]},
        }
        return {"type": "object", "required": list(members), "properties": members}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Return the OpenAPI parameters of a list."""
        limit = {"type": "integer", "minimum": 1, "maximum": cursors.LARGEST_LIMIT}
        after = {"type": "string", "minLength": 1, "maxLength": cursors.LONGEST}
        return [
            {"name": "limit", "in": "query", "schema": limit | {"default": cursors.DEFAULT_LIMIT}},
            {"name": "after", "in": "query", "schema": after},
        ]


class _PageQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(min_value=1, max_value=cursors.LARGEST_LIMIT, required=False)
    after = serializers.CharField(max_length=cursors.LONGEST, required=False)


FILE = {(200, "*/*"): bytes}
"""The `responses` of an operation that returns a file."""


class Attachment(serializers.Serializer[Any]):
    """A file name and the content in base64; the view receives a file."""

    name = serializers.CharField(max_length=255)
    content = serializers.CharField(max_length=uploads.MAX_BASE64)

    def validate(self, attrs: dict[str, str]) -> Any:
        """Return the decoded file."""
        try:
            return uploads.decoded(attrs["name"], attrs["content"])
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from error


class APIView(RestAPIView):
    """The base class of every view; list it before a generic view or viewset.

    The framework exempts its views from `LoginRequiredMiddleware` and relies on the permission
    classes of each view. This class makes the middleware apply again.
    """

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Admit the caller after the permission classes have accepted them."""
        super().initial(request, *args, **kwargs)
        admit(request._request, None)

    # generic views and viewsets declare these with other types
    if not TYPE_CHECKING:
        pagination_class = Pages

        @classmethod
        def as_view(cls, *args, **initkwargs):
            """Return the view function, for signed-in people only."""
            view = super().as_view(*args, **initkwargs)
            view.login_required = True
            return view


class Permitted(IsAuthenticated):
    """Check the permission that the view's `permissions` map names for the action: `{"list": …}`.

    Only superusers may run an action that the map does not name.
    """

    def has_permission(self, request: Request, view: RestAPIView) -> bool:
        """Return True, or raise the problem that names the missing permission."""
        if not super().has_permission(request, view):
            return False
        action = getattr(view, "action", (request.method or "").lower())
        if action is None:  # a method that the viewset does not have: the framework answers 405
            return True
        name = getattr(view, "permissions", {}).get(action, f"undeclared:{action}")
        roles.check(request._request, name)
        return True


class SchemaView(APIView, SpectacularAPIView):
    """The OpenAPI document, for signed-in people."""


class _Scheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A scheme that stops a warning of drf-spectacular; `complete_document` sets the real ones."""

    target_class = "chassis.django.api.drf_requests.Authentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def complete_document(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Complete an OpenAPI document (a hook of drf-spectacular)."""
    complete(result)
    return result


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Return the error response for an exception; None for a crash."""
    problem = _problem(error)
    return errors.respond(context["request"]._request, problem) if problem else None


def _problem(error: Exception) -> ProblemError | None:
    match error:
        case exceptions.NotAuthenticated():
            return errors.UNAUTHENTICATED
        case exceptions.ValidationError():
            return ProblemError(422, "validation", errors=list(_fields(error.detail, ["body"])))
        case exceptions.APIException():
            return ProblemError(error.status_code, None, str(error.detail))
    return errors.translate(error)


def _fields(detail: Any, path: list[str]) -> Any:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _fields(inner, path if name == "non_field_errors" else [*path, str(name)])
    elif isinstance(detail, list):
        for inner in detail:
            yield from _fields(inner, path)
    else:
        yield {"loc": path, "msg": str(detail)}
