"""The environment of this API. `just generate` writes .env.example from it."""

from chassis.fastapi.settings import AccountSettings


class Settings(AccountSettings):
    """Callers sign in here, and this service signs their tokens; add its own fields here."""
