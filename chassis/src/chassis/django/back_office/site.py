"""The back office's admin site, with the product's own login and its policies."""

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
from chassis.django.back_office.widgets import with_unfold
from chassis.django.people import mfa

SENSITIVE_APPS = {
    "auth",
    "account",
    "mfa",
    "usersessions",
    "socialaccount",
    "allauth_idp_oidc",
}
"""Apps whose pages control access; the app of the user model is one, too."""


class AdminSite(UnfoldAdminSite):
    """Django's admin without its own login form.

    That form checks only a password: it has no rate limit, no second factor and no verified
    address. Visitors who are not signed in are redirected to the product's login and back.
    """

    site_header = site_title = title()
    index_title = "Back office"

    def register(
        self, model_or_iterable: Any, admin_class: type[Any] | None = None, **options: Any
    ) -> None:
        """Register a page with unfold's widgets and templates."""
        super().register(model_or_iterable, with_unfold(admin_class or ModelAdmin), **options)

    @method_decorator(secure_admin_login)
    def login(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Redirect a visitor to the product's login; refuse (403) a person who is not staff."""
        return super().login(request, extra_context)

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the product's apps, then people and access as one group, then the platform."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        about_people = [app for app in apps if app["app_label"] in _about_people()]
        platform = [app for app in apps if app["app_label"] == "chassis"]
        product = [app for app in apps if app not in about_people + platform]
        return product + _together("People and access", about_people) + platform

    def password_change(  # type: ignore[override]  # a redirect
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Redirect to the product's page, which limits guesses at the old password."""
        return redirect("account_change_password")

    def _get_colors(self, key: str, *args: Any) -> dict[str, dict[str, str]]:
        # unfold would write inline styles, which the content policy forbids; see back_office.css
        return {}

    def admin_view[View: Callable[..., HttpResponseBase]](
        self, view: View, cacheable: bool = False
    ) -> View:
        """Return the view with the back office's content policy and, if sensitive,
        reauthentication.

        A page is sensitive if its app is in SENSITIVE_APPS or its `ModelAdmin` has `is_sensitive =
        True`. It then asks the person to reauthenticate, unless they have just done so.
        """
        owner = getattr(view, "__self__", None)
        if isinstance(owner, ModelAdmin) and _is_sensitive(owner):
            view = _with_reauthentication(view)
        return _with_own_policy(super().admin_view(view, cacheable))


def _with_own_policy[View: Callable[..., HttpResponseBase]](view: View) -> View:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return csp_override(_policy())(view)(request, *args, **kwargs)

    return cast(View, answer)


def _policy() -> dict[str, Any]:
    # only what a browser's console reported: unfold's scripts compile code from attributes, set
    # style attributes, and open the page of a related row in a frame
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
    # the app of the user model gives the URL, and its pages come first
    own = get_user_model()._meta.app_label
    apps = sorted(apps, key=lambda app: app["app_label"] != own)
    return [apps[0] | {"name": name, "models": [page for app in apps for page in app["models"]]}]


def _is_sensitive(page: "ModelAdmin[Any]") -> bool:
    return bool(getattr(page, "is_sensitive", page.opts.app_label in _about_people()))


def _with_reauthentication[View: Callable[..., HttpResponseBase]](view: View) -> View:
    @wraps(view)
    def ask(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        is_list = request.method == "GET" and view.__name__ == "changelist_view"
        if is_list or mfa.was_verified_recently(request):
            return view(request, *args, **kwargs)
        # the submitted form is not kept: it may hold a password
        back = urlencode({"next": request.get_full_path()})
        return redirect(f"{reverse('account_reauthenticate')}?{back}")

    return cast(View, ask)
