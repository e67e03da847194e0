"""The environment of this API. `just generate` writes `.env.example` from it."""

from chassis.fastapi.settings import IssuerSettings


class Settings(IssuerSettings):
    """The settings. Callers need a token of an issuer in TRUSTED_ISSUERS. Add your fields here."""
