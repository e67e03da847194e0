"""The environment variables of a Django half's API."""

from typing import ClassVar

from pydantic import Field

from chassis.api_keys import ApiKeySettings
from chassis.service import Half


class WebApiSettings(ApiKeySettings):
    """The variables of a web half with an API."""

    half: ClassVar[Half] = "web"

    api_requests_per_minute: int = Field(
        600,
        ge=1,
        description="The requests per minute that each caller may send to the API of the web half.",
    )
