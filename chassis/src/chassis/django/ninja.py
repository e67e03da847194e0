"""Django Ninja with sessions, denial by default and problem details."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import django_auth

from chassis.django import errors
from chassis.problems import ProblemError, internal


def create_api(**options: Any) -> NinjaAPI:
    """Make the API of a service; `options` are NinjaAPI's. Every operation needs a session, and a
    write needs the CSRF token in `X-CSRFToken`."""
    api = NinjaAPI(auth=django_auth, **options)
    for kind, translate in _TRANSLATIONS.items():
        api.add_exception_handler(kind, _handler(translate))
    return api


def _handler(
    translate: Callable[[Any], ProblemError | None],
) -> Callable[[HttpRequest, Any], HttpResponse]:
    return lambda request, error: errors.respond(request, translate(error) or internal())


def _validation(error: ValidationError) -> ProblemError:
    # without `input` and `ctx`: a refused value may be a secret
    found = [{key: item[key] for key in ("loc", "msg", "type")} for item in error.errors]
    return ProblemError(422, "validation", errors=found)


_TRANSLATIONS: dict[type[Exception], Callable[[Any], ProblemError | None]] = {
    AuthenticationError: lambda _: ProblemError(401, None, "Sign in first."),
    HttpError: lambda error: ProblemError(error.status_code, None, error.message),
    ValidationError: _validation,
    ProblemError: errors.translate,
    Http404: errors.translate,
    DjangoValidationError: errors.translate,
}
