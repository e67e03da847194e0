"""The back office's entrance: the product's own login, so that it bypasses no policy of it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.csp import CSP
from django.utils.decorators import method_decorator
from django.views.decorators.csp import csp_override
from unfold.sites import UnfoldAdminSite

from chassis.django.back_office.theme import title
from chassis.django.back_office.widgets import dress
from chassis.django.people import mfa

SENSITIVE_APPS = {
    "auth",
    "account",
    "mfa",
    "usersessions",
    "socialaccount",
    "allauth_idp_oidc",
}
"""Their pages decide who may come in and what they may do; so do those of the user's own app."""


class AdminSite(UnfoldAdminSite):
    """Django's admin without its own login form.

    That form knows a password and nothing else: no throttle, no second factor, no verified
    address. Whoever is not signed in goes to the product's login and comes back.
    """

    site_header = site_title = title()
    index_title = "Back office"

    def register(
        self, model_or_iterable: Any, admin_class: type[Any] | None = None, **options: Any
    ) -> None:
        """Dress a page as all others are; the app that registers it need not know."""
        super().register(model_or_iterable, dress(admin_class or ModelAdmin), **options)

    @method_decorator(secure_admin_login)
    def login(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Send a visitor to the product's login; refuse (403) somebody who is not staff."""
        return super().login(request, extra_context)

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """List the product's apps, then all about people and access together, then the platform."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        about_people = [app for app in apps if app["app_label"] in _about_people()]
        platform = [app for app in apps if app["app_label"] == "chassis"]
        product = [app for app in apps if app not in about_people + platform]
        return product + _together("People and access", about_people) + platform

    def password_change(  # type: ignore[override]  # a redirect is no page
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Send to the product's page: it counts the guesses at the old password."""
        return redirect("account_change_password")

    def _get_colors(self, key: str, *args: Any) -> dict[str, dict[str, str]]:
        # they would be written into the page, which its content policy forbids; see back_office.css
        return {}

    def admin_view[View: Callable[..., HttpResponseBase]](
        self, view: View, cacheable: bool = False
    ) -> View:
        """Have a sensitive page ask who is there, unless they proved it minutes ago.

        A page is sensitive in SENSITIVE_APPS and where its `ModelAdmin` has `is_sensitive = True`.
        All of them answer with the back office's own content policy.
        """
        owner = getattr(view, "__self__", None)
        if isinstance(owner, ModelAdmin) and _is_sensitive(owner):
            view = _with_recent_proof(view)
        return _with_own_policy(super().admin_view(view, cacheable))


def _with_own_policy[View: Callable[..., HttpResponseBase]](view: View) -> View:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return csp_override(_policy())(view)(request, *args, **kwargs)

    return cast(View, answer)


def _policy() -> dict[str, Any]:
    # what was seen in a browser's console and nothing else: unfold's scripts compile what stands in
    # attributes, set styles in the same way, and open the page of a related row in a frame
    site: dict[str, Any] = settings.SECURE_CSP
    if not site:
        return {}
    return site | {
        "script-src": [*site.get("script-src", []), CSP.UNSAFE_EVAL],
        "style-src-attr": [CSP.UNSAFE_INLINE],
        "frame-src": [CSP.SELF],
        "frame-ancestors": [CSP.SELF],
    }


def _about_people() -> set[str]:
    return SENSITIVE_APPS | {get_user_model()._meta.app_label}


def _together(name: str, apps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not apps:
        return []
    # the app of the people gives its address, and its pages come first
    own = get_user_model()._meta.app_label
    apps = sorted(apps, key=lambda app: app["app_label"] != own)
    return [apps[0] | {"name": name, "models": [page for app in apps for page in app["models"]]}]


def _is_sensitive(page: "ModelAdmin[Any]") -> bool:
    return bool(getattr(page, "is_sensitive", page.opts.app_label in _about_people()))


def _with_recent_proof[View: Callable[..., HttpResponseBase]](view: View) -> View:
    @wraps(view)
    def ask(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        is_list = request.method == "GET" and view.__name__ == "changelist_view"
        if is_list or mfa.was_given_recently(request):
            return view(request, *args, **kwargs)
        # what was sent is not kept for later: it may hold a password
        back = urlencode({"next": request.get_full_path()})
        return redirect(f"{reverse('account_reauthenticate')}?{back}")

    return cast(View, ask)
