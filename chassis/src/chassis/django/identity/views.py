"""allauth's endpoints, with the refusals it would answer with a crash."""

from typing import Any

from allauth.idp.oidc import views
from allauth.idp.oidc.internal.oauthlib.utils import respond_html_error
from allauth.idp.oidc.internal.resources import InvalidTargetError
from django.http import HttpRequest, HttpResponse, JsonResponse
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error

from chassis.django.identity.adapter import audience_of


class TokenView(views.TokenView):
    """The token endpoint; `resource=nonsense` is the caller's mistake and not ours (500)."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Give tokens, or the OAuth error as JSON."""
        try:
            _check_resources(request.POST.getlist("resource"))
        except OAuth2Error as error:
            return JsonResponse(dict(error.twotuples), status=error.status_code)
        return super().post(request)


class AuthorizationView(views.AuthorizationView):
    """The page that asks a person; it wants one resource and PKCE of every client."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page, or the mistake in the request that led here."""
        try:
            _check_resources(request.GET.getlist("resource"), required=True)
            _check_challenge(request)
        except OAuth2Error as error:
            page = respond_html_error(request, error=error)
            page.status_code = error.status_code
            return page
        return super().get(request, *args, **kwargs)


def _check_resources(resources: list[str], *, required: bool = False) -> None:
    if required and len(resources) != 1:
        raise InvalidTargetError("Ask for one resource, as in resource=service://api.")
    for resource in resources:
        audience_of(resource)


def _check_challenge(request: HttpRequest) -> None:
    # without it a stolen code is as good as a token, for confidential clients too (RFC 9700, 2.1.1)
    if request.GET.get("code_challenge_method") != "S256" or "code_challenge" not in request.GET:
        raise InvalidRequestError("Send code_challenge with code_challenge_method=S256.")
