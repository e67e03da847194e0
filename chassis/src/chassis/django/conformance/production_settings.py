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
    """In production DEBUG is off, cookies need HTTPS, and processes share the rate limits."""

    id = "SEC003"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Keep these settings of the generated `web/settings.py` for every `ENVIRONMENT` that is
        not local: cookies that are `Secure`, `HttpOnly` and `SameSite`, HSTS for one year, Argon2
        as the first of `PASSWORD_HASHERS`, and a cache that all processes share, because sign-in
        attempts are counted there.
        """
        try:
            values = _settings(system)
        except subprocess.CalledProcessError as error:
            yield Finding("web/settings.py", f"does not start in production: {error.stderr[-300:]}")
            return
        for name, holds in _EXPECTED.items():
            if not holds(values[name]):
                yield Finding(name, f"is {values[name]!r} in production")


def _settings(system: SystemUnderTest) -> dict[str, Any]:
    """Return the expected settings as a separate process with the production variables has them."""
    inherited = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = {"DJANGO_SETTINGS_MODULE": "web.settings", **inherited, **system.production}
    completed = subprocess.run(  # noqa: S603 - a list of our own
        [sys.executable, "-c", _PROGRAM, *_EXPECTED],
        cwd=system.service.root,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    values: dict[str, Any] = json.loads(completed.stdout.splitlines()[-1])
    return values
