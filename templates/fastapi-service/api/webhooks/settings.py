"""The environment of this domain: encryption keys of secrets, and the allowed target addresses."""

from chassis.webhooks.settings import WebhookSettings


class Settings(WebhookSettings):
    """The settings, read once at the start. Add fields of this domain here."""


settings = Settings.load()
keyring = settings.keyring()
