"""The platform's own periodic tasks, which keep the queue healthy and its tables small.

They do not purge the audit trail: the service's database role may not delete from it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.tasks import task
from psycopg import AsyncConnection

from chassis import api_keys, idempotency, mail, throttle
from chassis.django.jobs.tasks import find_tasks, periodic
from chassis.jobs import maintenance

_QUEUE = "platform"
_JOBS_KEPT_DAYS = 7


@periodic("* * * * *")
@task(queue_name=_QUEUE)
async def recover_stalled_jobs() -> None:
    """Run the jobs of killed workers again."""
    limits = {job.name: job.retry.limit for job in find_tasks("web")}
    async with _driver() as driver:
        await maintenance.recover(driver, limits)


@periodic("17 * * * *")
@task(queue_name=_QUEUE)
async def delete_finished_jobs() -> None:
    """Delete jobs that succeeded or were canceled a week ago; dead letters stay."""
    async with _driver() as driver:
        await maintenance.delete_finished(driver, days=_JOBS_KEPT_DAYS)


@periodic("37 * * * *")
@task(queue_name=_QUEUE)
async def purge_expired() -> None:
    """Delete mail that could not be sent for two days, idempotent responses of yesterday, unused
    rate limit buckets, and API keys that expired a month ago."""
    for purge in (mail.purge, throttle.purge, api_keys.purge):
        async with _driver() as driver:
            await purge(driver)
    purged = idempotency.PURGED_AT_ONCE
    while purged == idempotency.PURGED_AT_ONCE:
        async with _driver() as driver:
            purged = await idempotency.purge(driver)


@periodic("47 * * * *")
@task(queue_name=_QUEUE)
def clear_sessions() -> None:
    """Delete the sessions that have ended, and their entries in people's lists."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    if apps.is_installed("allauth.usersessions") and apps.is_installed("django.contrib.sessions"):
        known = apps.get_model("sessions", "Session")._default_manager.values("session_key")
        entries = apps.get_model("usersessions", "UserSession")._default_manager
        entries.exclude(session_key__in=known).delete()


@periodic("57 * * * *")
@task(queue_name=_QUEUE)
def clear_cache() -> None:
    """Delete what has expired from caches in the database, which do so only when they are full."""
    for cache in settings.CACHES.values():
        if cache["BACKEND"] == "django.core.cache.backends.db.DatabaseCache":
            table = connection.ops.quote_name(cache["LOCATION"])
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {table} WHERE expires < now()")  # noqa: S608


@asynccontextmanager
async def _driver() -> AsyncIterator[AsyncConnection[Any]]:
    """Yield an asynchronous connection, in a transaction."""
    parameters = connection.get_connection_params()
    django_only = ("cursor_factory", "context")
    options = {name: value for name, value in parameters.items() if name not in django_only}
    async with await AsyncConnection.connect(**options) as driver:
        yield driver
