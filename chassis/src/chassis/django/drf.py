"""Django REST framework with sessions, denial by default and problem details."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.views import SpectacularAPIView
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView as RestAPIView

from chassis.django import errors
from chassis.problems import ProblemError


class Pages(LimitOffsetPagination):
    """`?limit=&offset=`, bounded."""

    default_limit = 20
    max_limit = 100


class APIView(RestAPIView):
    """The base of every view; put it in front of a generic view or viewset.

    What REST_FRAMEWORK would say is said here, so that settings name no API framework.
    """

    authentication_classes = (SessionAuthentication,)
    permission_classes = (IsAuthenticated,)
    parser_classes = (JSONParser,)
    renderer_classes = (JSONRenderer,)
    pagination_class = Pages
    schema = AutoSchema()

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], HttpResponse | None]:
        """Answer the framework's errors and ours as problems; a crash goes on to Django."""
        return handle


class SchemaView(APIView, SpectacularAPIView):
    """The OpenAPI document, for whoever is signed in."""

    renderer_classes = SpectacularAPIView.renderer_classes


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
