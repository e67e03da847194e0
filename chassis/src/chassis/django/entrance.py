"""The back office's entrance: the product's own login, so that it bypasses no policy of it."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib.admin import AdminSite as DjangoAdminSite
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator


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
