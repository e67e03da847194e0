"""The hybrid's identity provider: allauth's OpenID Connect, with our rules about tokens.

A token lives five minutes, is signed with RS256, and names exactly the service it is for: its
client has to ask with `resource=service://<audience>` (RFC 8707) and has to be allowed to.

A token of a person carries no scope that the person does not hold. Scopes are the permissions of
the role matrix (`web/accounts/roles.py`): give a role `endpoints:write`, and the tokens of whoever
holds it in the token's tenant may carry that. Another rule is `SCOPES_OF` in `web/settings.py`: the
path of a function that is given the user and the scopes that were asked for, and gives those that
the user holds. OpenID's own scopes, such as `email`, are everybody's.
"""

from typing import Any

from chassis.django.identity.settings import IdentitySettings, signing_keys
from chassis.service import Service

ACCESS_TOKEN_S = 300
REFRESH_TOKEN_S = 30 * 24 * 3600
JWKS_AGE_S = 300


def install(settings: dict[str, Any], service: Service) -> None:
    """Add the provider to Django's settings; raises SettingsError that lists what is missing."""
    env = IdentitySettings.load(service)
    settings.setdefault("SCOPES_OF", "chassis.django.identity.adapter.scopes_of")
    settings["INSTALLED_APPS"] += ["allauth.idp.oidc"]
    _let_forms_lead_back(settings["SECURE_CSP"], local=env.environment.is_local)
    settings |= {
        "OIDC_ISSUER": env.oidc_issuer,
        "TENANT_OF": "web.tenancy.tenant_of",
        "ONLY_TENANT": "web.tenancy.ONLY_TENANT",
        "IDP_OIDC_ADAPTER": "chassis.django.identity.adapter.Adapter",
        "IDP_OIDC_ACCESS_TOKEN_FORMAT": "jwt",
        "IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN": ACCESS_TOKEN_S,
        "IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN": REFRESH_TOKEN_S,
        "IDP_OIDC_JWKS_CACHE_CONTROL": JWKS_AGE_S,
        "IDP_OIDC_PRIVATE_KEYS": signing_keys(env, service),
    }


def _let_forms_lead_back(policy: dict[str, Any], *, local: bool) -> None:
    # a browser checks `form-action` along redirects too, and the login form ends at a client's
    # address, which the database knows and a header cannot
    clients = ["http://127.0.0.1:*", "http://localhost:*"] if local else []
    policy["form-action"] = [*policy["form-action"], "https:", *clients]
