"""The service as the behavioral rules see it: its routes, and clients that request them."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.test import Client, RequestFactory

from chassis.conformance import log_lines
from chassis.django.conformance.routes import Route, walk
from chassis.django.errors import API_PREFIX
from chassis.service import Service

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse

type Answer = _MonkeyPatchedWSGIResponse
"""A response, with the attributes that Django's test client adds."""
type Method = Literal["GET", "POST"]

PUBLIC = (
    "/accounts/login/",
    "/accounts/logout/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/confirm-email/",
    "/accounts/password/reset/",
    "/accounts/3rdparty/",
    "/accounts/2fa/authenticate/",
    "/accounts/2fa/webauthn/login/",
    # a hybrid's identity provider: its protocol authenticates each request by itself
    "/.well-known/",
    "/identity/o/",
)
"""Prefixes of the routes that the platform leaves public; each view was reviewed."""


@dataclass(frozen=True)
class Visit:
    """The response of one route to a user with every permission."""

    route: Route
    response: Answer
    lines: list[dict[str, Any]]
    """The access lines that the request wrote."""


@dataclass(frozen=True)
class SystemUnderTest:
    """A service under test, inside a transaction that is rolled back.

    `public` holds the templates of the service's own public routes, `production` the environment
    variables with which the service starts in production.
    """

    service: Service
    public: frozenset[str]
    production: Mapping[str, str]
    seen: list[Visit] = field(default_factory=list)
    """The responses that `visits` returns; tests that share the list request each route once."""

    @cached_property
    def routes(self) -> list[Route]:
        """Return every route, including those of third-party apps."""
        return walk()

    @property
    def reachable(self) -> list[tuple[str, Route]]:
        """Return the routes that can be requested, with their paths.

        The back office makes the same pages for each model; only those of one model are included.
        """
        routes = {route.kind: (route.path, route) for route in reversed(self.routes) if route.path}
        return list(reversed(routes.values()))

    @property
    def api(self) -> list[tuple[str, Route]]:
        """Return the routes of the API, with their paths."""
        return [(path, route) for path, route in self.reachable if path.startswith(API_PREFIX)]

    def is_public(self, route: Route) -> bool:
        """Return whether the route is public: listed by the service or by the platform."""
        return route.template in self.public or route.template.startswith(PUBLIC)

    @cached_property
    def session(self) -> SessionBase:
        """Return the session of a superuser who has just signed in with a second factor."""
        user_model = get_user_model()
        root = user_model(is_staff=True, is_superuser=True)
        setattr(root, str(user_model.USERNAME_FIELD), "standards@example.com")
        root.set_unusable_password()
        root.save()
        Authenticator.objects.create(user=root, type=Authenticator.Type.TOTP, data={})
        client = Client()
        client.force_login(root)
        session: SessionBase = client.session
        request = RequestFactory().get("/")
        request.session = session
        record_authentication(request, root, method="mfa", type="totp", reauthenticated=True)
        session.save()
        return session

    def ask(self, method: Method, path: str, *args: Any, **options: Any) -> Answer:
        """Request `path` as that superuser, and roll back the changes of the request."""
        key = self.session.session_key
        with rolled_back():
            client = anonymous_client()
            client.cookies[settings.SESSION_COOKIE_NAME] = key or ""
            call = client.get if method == "GET" else client.post
            response = call(path, *args, **options)
            if response.streaming:
                response.getvalue()
            return response

    def log(self) -> AbstractContextManager[list[dict[str, Any]]]:
        """Collect the log lines of the service; the list is filled when the context ends."""
        return log_lines.written(settings.ENV, settings.SERVICE)

    @property
    def visits(self) -> list[Visit]:
        """Return the response of every route to a GET of that superuser."""
        if not self.seen:
            self.seen.extend(self._visits())
        return self.seen

    def _visits(self) -> Iterator[Visit]:
        for path, route in self.reachable:
            with self.log() as lines:
                response = self.ask("GET", path)
            yield Visit(route, response, [line for line in lines if line["event"] == "request"])


def anonymous_client() -> Client:
    """Return a client without a session; a crash gives the response that a server would send."""
    return Client(raise_request_exception=False)


@contextmanager
def rolled_back() -> Iterator[None]:
    """Roll back the changes of the database when the context ends."""
    savepoint = transaction.savepoint_create()
    try:
        yield
    finally:
        transaction.savepoint_rollback(savepoint)
        transaction.set_rollback(False)
