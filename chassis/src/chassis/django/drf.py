"""Django REST framework with sessions, denial by default and problem details."""

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from drf_spectacular.views import SpectacularAPIView
from rest_framework import exceptions
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView as RestAPIView

from chassis.django import errors, roles
from chassis.problems import ProblemError


class Pages(LimitOffsetPagination):
    """`?limit=&offset=`, bounded."""

    default_limit = 20
    max_limit = 100


class APIView(RestAPIView):
    """The base of every view; put it in front of a generic view or viewset.

    The framework takes its views out of `LoginRequiredMiddleware` and trusts each one's permission
    classes instead; this puts them back.
    """

    # the classes this stands in front of declare them with types of their own
    if not TYPE_CHECKING:
        pagination_class = Pages

        @classmethod
        def as_view(cls, *args, **initkwargs):
            """Make the view function, for signed-in people only."""
            view = super().as_view(*args, **initkwargs)
            view.login_required = True
            return view


class Permitted(IsAuthenticated):
    """Ask for the permission that the view's `permissions` name for the action: `{"list": …}`.

    An action that is not named there is refused to everybody but superusers.
    """

    def has_permission(self, request: Request, view: RestAPIView) -> bool:
        """Let the action run, or raise the problem that names what is missing."""
        if not super().has_permission(request, view):
            return False
        action = getattr(view, "action", (request.method or "").lower())
        if action is None:  # a method that the viewset does not have: the framework answers 405
            return True
        roles.check(request, getattr(view, "permissions", {}).get(action, f"undeclared:{action}"))
        return True


class SchemaView(APIView, SpectacularAPIView):
    """The OpenAPI document, for whoever is signed in."""


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Translate one exception; None when it is not an answer but a crash."""
    problem = _problem(error)
    return errors.respond(context["request"]._request, problem) if problem else None


def _problem(error: Exception) -> ProblemError | None:
    match error:
        case exceptions.NotAuthenticated():
            return ProblemError(401, None, "Sign in first.")
        case exceptions.ValidationError():
            return ProblemError(422, "validation", errors=_fields(error.detail))
        case exceptions.APIException():
            return ProblemError(error.status_code, None, str(error.detail))
    return errors.translate(error)


def _fields(detail: Any) -> list[dict[str, Any]]:
    if isinstance(detail, dict):
        return [
            {"loc": ["body", name], "msg": str(message)}
            for name, messages in detail.items()
            for message in messages
        ]
    return [{"loc": ["body"], "msg": str(message)} for message in detail]
