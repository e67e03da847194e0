"""What the API of a Django half reads from the environment."""

from typing import ClassVar

from pydantic import Field

from chassis.api_keys import ApiKeySettings
from chassis.service import Half


class WebApiSettings(ApiKeySettings):
    """The variables that only a web half with an API has."""

    half: ClassVar[Half] = "web"

    api_requests_per_minute: int = Field(
        600, ge=1, description="How many requests a minute each caller may send to the web's API."
    )
