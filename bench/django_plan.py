"""The Django plan: a service with the standards next to the same Django with its default
middleware."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plan import BARE, FULL, SAMPLED, Plan
from servers import Endpoint, Side, free_port

_HELLO = Endpoint("hello", "/bench/hello")
_READ = Endpoint("small authenticated read", "/bench/things/7")
_SERVER = ("--interface", "wsgi", "--blocking-threads", "4")


@contextmanager
def _sides(url: str, folder: Path, collectors: list[str]) -> Iterator[list[Side]]:
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "--verbosity=0"], check=True)
    subprocess.run([*manage, "bench_sessions", str(folder)], check=True)
    # in development Django keeps every query and logs are formatted for people; in test each line
    # is written at once
    production = {
        "DATABASE_URL": url,
        "ENVIRONMENT": "production",
        "ALLOWED_HOSTS": "127.0.0.1",
        "BEHIND_PROXY": "true",
        "SMTP_HOST": "127.0.0.1",
        "MAIL_FROM": "bench@example.com",
        "MEDIA_DIR": str(folder),
        "TRUSTED_PROXIES": "10.0.0.0/8",
    }
    sides = [_side(BARE, "web.bench.bare:application", production)]
    for name, ratio, collector in zip((SAMPLED, FULL), ("0.01", "1.0"), collectors, strict=True):
        settings = {
            **production,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
            "OTEL_TRACES_SAMPLER_ARG": ratio,
            "METRICS_PORT": str(free_port()),
        }
        sides.append(_side(name, "web.wsgi:application", settings))
    yield sides


def _side(name: str, application: str, environment: dict[str, str]) -> Side:
    return Side(name, application, environment, server=_SERVER, header="Cookie")


PLAN = Plan(
    half="web",
    endpoints=(_HELLO, _READ),
    latency_of=_READ,
    limits={(_HELLO.name, SAMPLED): "0.15", (_READ.name, SAMPLED): "0.15"},
    sides=_sides,
    about="""\
The service is `django-monolith` as rendered, under WSGI, served by granian with one worker of
four threads. The bare side is the same Django (settings, applications, URLs, views, server) with
the middleware that `startproject` lists: Security, Session, Common, CsrfView, Authentication,
Messages, XFrameOptions. Our side has those and the middleware for the request layer, the content
security policy, static files, allauth, impersonation and denial by default. For an authenticated
read both sides read the session and the user from the database. 95 % of the requests send one of
1,000 sessions, 4 % one of 12,000 others, and 1 % a session that does not exist.""",
)
