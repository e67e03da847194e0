"""The environment of this API. `just generate` writes .env.example from it."""

from chassis.fastapi.settings import IssuerSettings


class Settings(IssuerSettings):
    """Callers bring tokens of the issuers in TRUSTED_ISSUERS; add the service's own fields here."""
