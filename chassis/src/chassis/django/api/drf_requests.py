"""How Django REST framework reads a request: what its settings name while it is imported."""

from typing import Any

from rest_framework import authentication, parsers
from rest_framework.request import Request

from chassis.django.api import json_body


class Authentication(authentication.BaseAuthentication):
    """Take the person whom the door of the API has found (`chassis.django.api.middleware`)."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        """Give the person with the session or the token."""
        user = request._request.user
        return (user, None) if user.is_authenticated else None

    def authenticate_header(self, request: Request) -> str:
        """Give the challenge that goes with a 401."""
        return "Bearer"


class JSONParser(parsers.JSONParser):
    """JSON as `chassis.django.api.json_body` reads it."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return what the body says."""
        return json_body.read_json((parser_context or {})["request"]._request)
