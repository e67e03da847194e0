"""The back office's entrance: the product's own login, so that it bypasses no policy of it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from allauth.account.decorators import secure_admin_login
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.conf import settings
from django.contrib.admin import AdminSite as DjangoAdminSite
from django.contrib.admin import ModelAdmin
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator

SENSITIVE_APPS = {"auth", "account", "mfa", "usersessions", "allauth_idp_oidc"}
"""Their pages decide who may come in and what they may do; so do those of the user's own app."""


class AdminSite(DjangoAdminSite):
    """Django's admin without its own login form.

    That form knows a password and nothing else: no throttle, no second factor, no verified
    address. Whoever is not signed in goes to the product's login and comes back.
    """

    site_header = site_title = f"{settings.SERVICE.name.replace('-', ' ').capitalize()} back office"
    index_title = "Back office"

    @method_decorator(secure_admin_login)
    def login(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Send a visitor to the product's login; refuse (403) somebody who is not staff."""
        return super().login(request, extra_context)

    def admin_view[View: Callable[..., HttpResponseBase]](
        self, view: View, cacheable: bool = False
    ) -> View:
        """Have a sensitive page ask who is there, unless they proved it minutes ago.

        A page is sensitive in SENSITIVE_APPS and where its `ModelAdmin` has `is_sensitive = True`.
        """
        owner = getattr(view, "__self__", None)
        if isinstance(owner, ModelAdmin) and _is_sensitive(owner):
            view = _with_recent_proof(view)
        return super().admin_view(view, cacheable)


def _is_sensitive(page: "ModelAdmin[Any]") -> bool:
    apps = SENSITIVE_APPS | {get_user_model()._meta.app_label}
    return bool(getattr(page, "is_sensitive", page.opts.app_label in apps))


def _with_recent_proof[View: Callable[..., HttpResponseBase]](view: View) -> View:
    @wraps(view)
    def ask(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        is_list = request.method == "GET" and view.__name__ == "changelist_view"
        if is_list or did_recently_reauthenticate(request):
            return view(request, *args, **kwargs)
        # what was sent is not kept for later: it may hold a password
        back = urlencode({"next": request.get_full_path()})
        return redirect(f"{reverse('account_reauthenticate')}?{back}")

    return cast(View, ask)
