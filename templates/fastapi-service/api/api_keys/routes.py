"""`/v1/api-keys`: create, list, rotate and revoke the API keys of programs."""

from chassis.fastapi.api_keys.routes import router

__all__ = ["router"]
