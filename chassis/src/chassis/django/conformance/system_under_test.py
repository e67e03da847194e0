"""The service as the behavioural rules see it: its routes, and people who call them."""

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
"""A response, with what the client of tests adds to it."""
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
"""The beginnings of what the platform leaves open, reviewed view by view."""


@dataclass(frozen=True)
class Visit:
    """What somebody with every permission got at one route."""

    route: Route
    response: Answer
    lines: list[dict[str, Any]]
    """The access lines that it left."""


@dataclass(frozen=True)
class SystemUnderTest:
    """A service under test, inside a transaction that is rolled back.

    ``public`` are the routes of the team's own that anybody may open; ``production`` the variables
    with which it would start there.
    """

    service: Service
    public: frozenset[str]
    production: Mapping[str, str]
    seen: list[Visit] = field(default_factory=list)
    """What `visits` gives; tests that share it walk once."""

    @cached_property
    def routes(self) -> list[Route]:
        """Every route there is, those of third-party apps included."""
        return walk()

    @property
    def reachable(self) -> list[tuple[str, Route]]:
        """The routes that can be asked, with their paths; of the pages that the back office makes
        for each model those of one, for they are the same."""
        found = {route.kind: (route.path, route) for route in reversed(self.routes) if route.path}
        return list(reversed(found.values()))

    @property
    def api(self) -> list[tuple[str, Route]]:
        """Those of the API, with their paths."""
        return [(path, route) for path, route in self.reachable if path.startswith(API_PREFIX)]

    def is_public(self, route: Route) -> bool:
        """Whether somebody decided that anybody may open it."""
        return route.template in self.public or route.template.startswith(PUBLIC)

    @cached_property
    def session(self) -> SessionBase:
        """The session of a superuser who has a second factor and has just proved who they are."""
        people = get_user_model()
        root = people(is_staff=True, is_superuser=True)
        setattr(root, str(people.USERNAME_FIELD), "standards@example.com")
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
        """Call the service as that superuser, and undo whatever the call did."""
        key = self.session.session_key
        with undone():
            client = visitor()
            client.cookies[settings.SESSION_COOKIE_NAME] = key or ""
            call = client.get if method == "GET" else client.post
            response = call(path, *args, **options)
            if response.streaming:
                response.getvalue()
            return response

    def log(self) -> AbstractContextManager[list[dict[str, Any]]]:
        """Collect what the service logs meanwhile; the list is filled at the end."""
        return log_lines.written(settings.ENV, settings.SERVICE)

    @property
    def visits(self) -> list[Visit]:
        """One GET of every route, as that superuser."""
        if not self.seen:
            self.seen.extend(self._visits())
        return self.seen

    def _visits(self) -> Iterator[Visit]:
        for path, route in self.reachable:
            with self.log() as lines:
                response = self.ask("GET", path)
            yield Visit(route, response, [line for line in lines if line["event"] == "request"])


def visitor() -> Client:
    """Give the browser of nobody; a crash is the response that a server would send."""
    return Client(raise_request_exception=False)


@contextmanager
def undone() -> Iterator[None]:
    """Take back what happens to the database meanwhile."""
    here = transaction.savepoint_create()
    try:
        yield
    finally:
        transaction.savepoint_rollback(here)
        transaction.set_rollback(False)
