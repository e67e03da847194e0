"""SEC003."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, override

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import SystemUnderTest

_YEAR = 31_536_000
_EXPECTED: Mapping[str, Callable[[Any], bool]] = {
    "DEBUG": lambda value: value is False,
    "SECURE_SSL_REDIRECT": bool,
    "SECURE_HSTS_SECONDS": lambda value: value >= _YEAR,
    "SESSION_COOKIE_SECURE": bool,
    "SESSION_COOKIE_HTTPONLY": bool,
    "SESSION_COOKIE_SAMESITE": lambda value: value in {"Lax", "Strict"},
    "CSRF_COOKIE_SECURE": bool,
    "PASSWORD_HASHERS": lambda value: "Argon2" in value[0],
    "CACHES": lambda value: not value["default"]["BACKEND"].endswith(("LocMemCache", "DummyCache")),
}
_PROGRAM = """
import json, sys
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
"""


class ProductionSettings(SyncRule[SystemUnderTest]):
    """In production DEBUG is off, cookies are for HTTPS alone, and limits are shared."""

    id = "SEC003"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Set these where `ENVIRONMENT` is not local, as `web/settings.py` was made to: secure
        cookies that no script reads and no foreign page sends, HSTS for a year, Argon2 first among
        `PASSWORD_HASHERS`, and a cache that all processes share, because attempts to sign in are
        counted there.
        """
        try:
            found = _settings(system)
        except subprocess.CalledProcessError as error:
            yield Finding("web/settings.py", f"does not start in production: {error.stderr[-300:]}")
            return
        for name, holds in _EXPECTED.items():
            if not holds(found[name]):
                yield Finding(name, f"is {found[name]!r} in production")


def _settings(system: SystemUnderTest) -> dict[str, Any]:
    """Read the settings as production does, in a process of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = {"DJANGO_SETTINGS_MODULE": "web.settings", **kept, **system.production}
    done = subprocess.run(  # noqa: S603 - a list of our own
        [sys.executable, "-c", _PROGRAM, *_EXPECTED],
        cwd=system.service.root,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
