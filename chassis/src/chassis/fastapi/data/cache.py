"""The shared cache as a dependency: ``async def report(cache: SharedCache)``."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from chassis.cache import Cache
from chassis.fastapi.requests.scope import PLATFORM


async def get_cache(connection: HTTPConnection) -> Cache:
    """Give the cache that all processes of this service share."""
    return Cache(connection.scope[PLATFORM].database.driver)


SharedCache = Annotated[Cache, Depends(get_cache)]
