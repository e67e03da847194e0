"""Client credentials (RFC 6749, section 4.4), as a service asks for a token of its own."""

from base64 import b64decode
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote
from uuid import UUID

from devissuer.tokens import SINGLE_TENANT

LARGEST_BODY = 65536


class GrantError(Exception):
    """The request for a token is refused; `code` is the standard's name for the reason."""

    def __init__(self, code: str, description: str) -> None:
        """Store both for the response."""
        super().__init__(description)
        self.code = code


@dataclass(frozen=True)
class Grant:
    """The subject of a token and its permissions."""

    client: str
    scope: str
    audience: str
    tenant: UUID


def read(body: str, authorization: str | None) -> Grant:
    """Read a form. Any secret is accepted: every client of this issuer may have every token.

    `audience` or `resource` (RFC 8707) names the service, `tenant` a tenant. Raises
    GrantError.
    """
    try:
        fields = {name: values[-1] for name, values in parse_qs(body, max_num_fields=20).items()}
    except ValueError:
        raise GrantError("invalid_request", "The body is not a form.") from None
    if fields.get("grant_type") != "client_credentials":
        raise GrantError(
            "unsupported_grant_type", "This issuer knows grant_type=client_credentials alone."
        )
    client = _basic(authorization) or fields.get("client_id", "")
    if not client:
        raise GrantError(
            "invalid_client", "Send client_id, in the form or by Basic authentication."
        )
    return Grant(
        client=client,
        scope=fields.get("scope", ""),
        audience=fields.get("audience") or fields.get("resource") or "api",
        tenant=_tenant(fields.get("tenant")),
    )


def _basic(authorization: str | None) -> str:
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return unquote(b64decode(value, validate=True).decode().partition(":")[0])
    except ValueError:
        raise GrantError("invalid_client", "The Authorization header is not Basic.") from None


def _tenant(value: str | None) -> UUID:
    try:
        return UUID(value) if value else SINGLE_TENANT
    except ValueError:
        raise GrantError("invalid_request", "tenant is not a UUID.") from None
