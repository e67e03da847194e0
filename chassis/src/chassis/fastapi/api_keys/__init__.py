"""API keys of producers: ``router`` makes, lists, rotates and revokes them under ``/v1/api-keys``.

A request presents one as ``Authorization: Bearer rbk_…``. What was verified is remembered for up to
thirty seconds, so a revoked key dies everywhere within those.
"""

from chassis.fastapi.api_keys.routes import router

__all__ = ["router"]
