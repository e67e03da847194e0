"""OBS002."""

from collections.abc import Iterator
from typing import override

from django.conf import settings

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.outage import PASSWORD, without_database
from chassis.django.conformance.system_under_test import SystemUnderTest, visitor
from chassis.django.errors import API_PREFIX


class SilentSecrets(SyncRule[SystemUnderTest]):
    """No session, token or password is ever in a log line, not even when something breaks."""

    id = "OBS002"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Log identifiers, never headers, forms or settings as a whole. The platform redacts what
        has a telling key (`token`, `password`, `authorization`) or form; rename what it misses.
        """
        key = system.session.session_key or ""
        token = f"rbk_{PASSWORD}"
        with system.log() as lines:
            for path, route in system.reachable:
                if system.is_public(route) or path.startswith(API_PREFIX):
                    system.ask("POST", path, {"login": PASSWORD, "password": PASSWORD})
            with without_database():
                _ask_everything(system, key, token)
        for line in lines:
            text = str(line)
            for kind, secret in (("a session", key), ("a password or a token", PASSWORD)):
                if secret in text:
                    yield Finding(str(line["event"] or "a line that is no JSON"), f"shows {kind}")


def _ask_everything(system: SystemUnderTest, key: str, token: str) -> None:
    client = visitor()
    for path, _ in system.reachable:
        client.cookies[settings.SESSION_COOKIE_NAME] = key
        client.get(path, headers={"authorization": f"Bearer {token}"})
