"""Support staff act as a customer, with a reason, for half an hour; the audit trail records it.

It needs the permission `chassis:impersonate` (`chassis.impersonate` to Django). Staff and
superusers cannot be impersonated. Meanwhile `request.user` is the customer and `support(request)`
the support person. Everything that would give lasting access or export data is blocked: password,
second factors, addresses, sessions, the back office, tokens, pages and API operations that need a
permission `…:export`, and views marked `blocked`.
"""

import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.middleware import get_user
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from chassis.django import errors
from chassis.django.api import tokens
from chassis.django.audit.trail import record
from chassis.django.people import mfa, roles

PERMISSION = "chassis.impersonate"
LIMIT_SECONDS = 30 * 60
_KEY = "chassis.impersonation"
_BLOCKED_ROUTES = ("accounts/", "admin/", "identity/")
_LOGOUT = "account_logout"
_OPEN = {_LOGOUT, "impersonation_end"}


class ImpersonationMiddleware:
    """Put the customer into the support person's place; stands behind AuthenticationMiddleware."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Keep the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Set `request.user` to the customer, lazily: a page that ignores it costs no query."""
        request.user = SimpleLazyObject(lambda: _current_user(request))  # type: ignore[assignment]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *_: Any
    ) -> HttpResponseBase | None:
        """Refuse a blocked view during impersonation; None lets the view run."""
        if _is_blocked(request, view) and support(request) is not None:
            return errors.respond(request, roles.NOT_FOR_OTHERS)
        if request.method == "POST" and _name(request) == _LOGOUT:
            _end_on_logout(request)
        return None


def support(request: HttpRequest) -> Any:
    """Return the support person who impersonates the person of this request; None without one."""
    # the evaluation of `request.user` also sets the impersonator
    is_known = getattr(request, "user", None) is not None and request.user.is_authenticated
    return getattr(request, "impersonator", None) if is_known else None


def blocked[View: Callable[..., Any]](view: View) -> View:
    """Mark a view as blocked during impersonation, such as one that creates a key or a token."""
    view.blocked_for_impersonators = True  # type: ignore[attr-defined]
    return view


def may(support: Any) -> bool:
    """Return whether a person may impersonate customers."""
    return bool(support.is_active and support.is_staff and support.has_perm(PERMISSION))


def find(email: str) -> Any:
    """Return the active customer with this address; None if there is none."""
    user: Any = get_user_model()
    return _customers().filter(**{f"{user.USERNAME_FIELD}__iexact": email}).first()


def start(request: HttpRequest, customer: Any, *, reason: str) -> None:
    """Act for a customer from the next request on."""
    request.session[_KEY] = {"customer": str(customer.pk), "since": time.time()}
    record("impersonation.started", subject=customer, after={"reason": reason})


def end(request: HttpRequest) -> None:
    """End impersonation; do nothing without one."""
    person: Any = support(request) or request.user
    state = request.session.pop(_KEY, None)
    if state:
        customer = get_user_model()._default_manager.filter(pk=state["customer"]).first()
        record("impersonation.ended", actor=person, subject=customer)


def _current_user(request: HttpRequest) -> Any:
    person = get_user(request)
    state = request.session.get(_KEY)
    # a token is about its own person, whatever cookie the request has
    if not state or not person.is_authenticated or tokens.principal_of(request):
        return person
    customer = _customers().filter(pk=state["customer"]).first()
    is_over = time.time() - state["since"] >= LIMIT_SECONDS
    # who lost their second factor would be sent to enroll, but for standing in a customer's place
    may_go_on = may(person) and not mfa.is_missing_of(person)
    if customer is None or is_over or not may_go_on:
        request.user = person  # the trail asks who this is, which is being found out just now
        end(request)
        return person
    request.impersonator = person  # type: ignore[attr-defined]
    return customer


def _end_on_logout(request: HttpRequest) -> None:
    # the support person signs out: the trail records that, and the end of impersonation
    if person := support(request):
        end(request)
        request.user = person
        del request.impersonator  # type: ignore[attr-defined]


def _name(request: HttpRequest) -> str | None:
    return request.resolver_match.url_name if request.resolver_match else None


def _customers() -> Any:
    everybody = get_user_model()._default_manager
    return everybody.filter(is_active=True, is_staff=False, is_superuser=False)


def _is_blocked(request: HttpRequest, view: Callable[..., Any]) -> bool:
    match = request.resolver_match
    if match is None or match.url_name in _OPEN:
        return False
    is_marked = getattr(view, "blocked_for_impersonators", False)
    # what `chassis.django.people.roles.require` asks for: an export is one by its permission's name
    is_export = roles.is_export(str(getattr(view, "permission", "")))
    return is_marked or is_export or match.route.startswith(_BLOCKED_ROUTES)
