"""The environment of this domain: the keys of endpoints' secrets, and where events may go."""

from chassis.webhooks.settings import WebhookSettings


class Settings(WebhookSettings):
    """Read once, at the start; add the domain's own fields here."""


settings = Settings.load()
keyring = settings.keyring()
