"""OBS002."""

from collections.abc import Iterator
from typing import override

from django.conf import settings

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.outage import PASSWORD, without_database
from chassis.django.conformance.system_under_test import SystemUnderTest, anonymous_client
from chassis.django.errors import API_PREFIX


class SilentSecrets(SyncRule[SystemUnderTest]):
    """No log line contains a session key, token or password, not even after an error."""

    id = "OBS002"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Log identifiers, never whole headers, forms or settings. The platform redacts values by
        their key (`token`, `password`, `authorization`) and by their format; if it misses a value,
        rename its key.
        """
        key = system.session.session_key or ""
        token = f"rbk_{PASSWORD}"
        with system.log() as lines:
            for path, route in system.reachable:
                if system.is_public(route) or path.startswith(API_PREFIX):
                    system.ask("POST", path, {"login": PASSWORD, "password": PASSWORD})
            with without_database():
                _request_every_route(system, key, token)
        for line in lines:
            text = str(line)
            for kind, secret in (("a session key", key), ("a password or a token", PASSWORD)):
                if secret in text:
                    yield Finding(
                        str(line["event"] or "a line that is not JSON"), f"contains {kind}"
                    )


def _request_every_route(system: SystemUnderTest, key: str, token: str) -> None:
    client = anonymous_client()
    for path, _ in system.reachable:
        client.cookies[settings.SESSION_COOKIE_NAME] = key
        client.get(path, headers={"authorization": f"Bearer {token}"})
