"""Authentication and JSON parser for Django REST framework.

They have a module of their own because its settings load them while it is being imported.
"""

from typing import Any

from rest_framework import authentication, parsers
from rest_framework.request import Request

from chassis.django.api import json_body


class Authentication(authentication.BaseAuthentication):
    """Use the person whom `chassis.django.api.middleware` has authenticated."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        """Return the person of the session or token; None without one."""
        user = request._request.user
        return (user, None) if user.is_authenticated else None

    def authenticate_header(self, request: Request) -> str:
        """Return the `WWW-Authenticate` challenge of a 401 response."""
        return "Bearer"


class JSONParser(parsers.JSONParser):
    """JSON as `chassis.django.api.json_body` reads it."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the parsed body."""
        return json_body.read_json((parser_context or {})["request"]._request)
