"""allauth's endpoints, with OAuth errors where allauth would crash."""

from typing import Any

from allauth.idp.oidc import views
from allauth.idp.oidc.internal.oauthlib.utils import respond_html_error
from allauth.idp.oidc.internal.resources import InvalidTargetError
from django.http import HttpRequest, HttpResponse, JsonResponse
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error

from chassis.django.identity.adapter import audience_of


class TokenView(views.TokenView):
    """The token endpoint; an invalid `resource` is an OAuth error and not a 500."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Return tokens, or the OAuth error as JSON."""
        try:
            _check_resources(request.POST.getlist("resource"))
        except OAuth2Error as error:
            return JsonResponse(dict(error.twotuples), status=error.status_code)
        return super().post(request)


class AuthorizationView(views.AuthorizationView):
    """The consent page; every client must send one resource and use PKCE."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the page, or a page with the error of the request."""
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
