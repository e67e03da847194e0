"""/v1/api-keys: who may makes, lists, rotates and revokes the keys that producers call with."""

from chassis.fastapi.api_keys.routes import router

__all__ = ["router"]
