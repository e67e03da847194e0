"""The environment of this API. `just generate` writes `.env.example` from it."""

from chassis.fastapi.settings import AccountSettings


class Settings(AccountSettings):
    """The settings. Callers sign in here; this service signs their tokens. Add your fields here."""
