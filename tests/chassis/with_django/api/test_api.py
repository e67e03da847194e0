"""The door of an API: keys and tokens, limits, and writes that may be sent twice."""

import io
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
import strawberry
from django.conf import settings as site
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from chassis.django.api import json_body, tokens
from chassis.django.api.drf import APIView
from chassis.django.api.graphql import create_schema, create_view, field
from chassis.django.api.ninja import create_api
from chassis.django.api.settings import WebApiSettings
from chassis.django.models import AuditEvent
from chassis.django.people import roles
from chassis.problems import ProblemError
from chassis.settings import Secret

pytestmark = pytest.mark.django_db
TENANT = UUID("8a1c0f2e-6a57-4a2f-9a3f-0d4c5e6f7a8b")
WRITE = "things:write"
MATRIX = {"editor": frozenset({"things:read", WRITE})}
LOGIN_REQUIRED = "chassis.django.middleware.LoginRequiredMiddleware"
told: list[str] = []
barrier = Barrier(2)


def everybody_edits(_user: User, _tenant: UUID) -> set[str]:
    """The role of everybody here."""
    return {"editor"}


def tenant(_request: HttpRequest) -> UUID:
    """The tenant of everybody here."""
    return TENANT


@roles.require("things:read")
def read(request: HttpRequest) -> HttpResponse:
    """Say who asks."""
    return JsonResponse({"user": request.user.get_username()})


@roles.require(WRITE)
def write(request: HttpRequest) -> HttpResponse:
    """Store a group, as a service does it: in a transaction that has to be the outermost."""
    body = json_body.read_json(request)
    with transaction.atomic(durable=True):
        made = Group.objects.create(name=body["name"])
        transaction.on_commit(lambda: told.append(made.name))
        if body.get("waits"):
            barrier.wait(timeout=10)
            barrier.wait(timeout=10)
    if body.get("fails"):
        raise ProblemError(409, "taken")
    return JsonResponse({"id": made.pk}, status=201)


@strawberry.type
class Query:
    """A schema has to have one."""

    @field(None)
    def one(self) -> int:
        """Give one."""
        return 1


@strawberry.type
class Mutation:
    """What everybody may write."""

    @field(None)
    def add(self, name: str) -> int:
        """Store a group."""
        return int(Group.objects.create(name=name).pk)


def add(request: HttpRequest, name: str) -> int:
    """Store a group for anybody who is signed in; an operation of Ninja."""
    return int(Group.objects.create(name=name).pk)


class Add(APIView):
    """The same of REST framework."""

    permission_classes = (IsAuthenticated,)

    def post(self, request: Request) -> Response:
        """Store a group."""
        return Response(add(request._request, request.query_params["name"]))


ninja = create_api(title="t", version="1", urls_namespace="door")
ninja.post("add", operation_id="add")(add)
graphql = create_view(create_schema(Query, [SimpleNamespace(Mutation=Mutation)]))  # type: ignore[list-item]


class Urls:
    """The addresses of these tests."""

    urlpatterns = (
        path("api/read", read),
        path("api/write", write),
        path("api/graphql", graphql),
        path("api/ninja/", ninja.urls),
        path("api/drf", Add.as_view()),
        path("page", read),
    )


@pytest.fixture(autouse=True)
def door(settings: Settings) -> None:
    """A site with an API."""
    settings.ROOT_URLCONF = Urls
    settings.ROLES = f"{__name__}.MATRIX"
    settings.ROLES_OF = f"{__name__}.everybody_edits"
    settings.CURRENT_TENANT = f"{__name__}.tenant"
    settings.TENANT_OF = f"{__name__}.tenant"
    settings.API = WebApiSettings.model_construct(
        api_requests_per_minute=1000, api_key_peppers=(Secret("pepper " * 6),)
    )
    middleware = list(settings.MIDDLEWARE)
    middleware.insert(
        middleware.index(LOGIN_REQUIRED), "chassis.django.api.middleware.ApiMiddleware"
    )
    settings.MIDDLEWARE = middleware
    told.clear()


@pytest.fixture
def mia() -> User:
    """Somebody who may read and write."""
    return User.objects.create_user(f"mia-{uuid4()}", "mia@example.com")


@pytest.fixture
def browser(mia: User) -> Client:
    """Her browser."""
    client = Client()
    client.force_login(mia)
    return client


def key_of(user: User, *permissions: str) -> str:
    """Make a key."""
    return tokens.create_key(
        user, tenant=TENANT, name="t", permissions=permissions, lifetime=timedelta(days=1)
    )[1]


def program(token: str) -> Client:
    """A program with a token."""
    return Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {token}"})


def send(client: Client, *, key: str | None = None, **body: Any) -> Any:
    """Write."""
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/api/write", body, content_type="application/json", headers=headers)


def problem(response: Any) -> tuple[int, str]:
    """The status and the type of a refusal."""
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["type"]


def test_a_key_allows_what_it_names(mia: User) -> None:
    """Neither more than the person may, nor more than the key says."""
    client = program(key_of(mia, "things:read"))
    assert client.get("/api/read").json() == {"user": mia.username}
    assert problem(send(client, name="a")) == (403, "/problems/permission-denied")


def test_nobody_gives_away_what_they_lack(mia: User) -> None:
    """A key holds no permission that its maker does not hold."""
    with pytest.raises(ProblemError, match="things:burn"):
        key_of(mia, "things:burn")


@pytest.mark.parametrize(
    "header", ["Bearer rbk_wrong", "Bearer a.b.c", "Basic bWlhOng=", "Bearer", "Bearer \xff"]
)
def test_other_tokens_are_refused(header: str, mia: User, browser: Client) -> None:
    """A bad token is refused, even where there is a session beside it."""
    response = browser.get("/api/read", headers={"authorization": header})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_keys_count_below_the_api_alone(mia: User) -> None:
    """A page does not take them."""
    response = program(key_of(mia, "things:read")).get("/page")
    assert response.status_code == 302


def test_the_command_makes_and_revokes_keys(mia: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is all it prints; both are recorded."""
    monkeypatch.setattr(User, "USERNAME_FIELD", "email")
    out = io.StringIO()
    call_command("api_key", "MIA@example.com", stdout=out)
    token = out.getvalue().strip()
    assert program(token).get("/api/read").status_code == 200
    call_command("api_key", "mia@example.com", revoke=token[:16], stdout=io.StringIO())
    assert problem(program(token).get("/api/read")) == (401, "/problems/invalid-api-key")
    actions = AuditEvent.objects.filter(action__startswith="api_key").order_by("id")
    assert list(actions.values_list("action")) == [("api_key.created",), ("api_key.revoked",)]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"email": "nobody@example.com"}, "has the address nobody@example.com"),
        ({"email": "mia@example.com", "days": 400}, "1 to 365 days"),
        ({"email": "mia@example.com", "permissions": "x:y"}, "permissions you do not have: x:y"),
        ({"email": "mia@example.com", "revoke": "rbk_none"}, "no active key"),
    ],
)
def test_the_command_explains_itself(
    options: dict[str, Any], sentence: str, mia: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence for each mistake."""
    monkeypatch.setattr(User, "USERNAME_FIELD", "email")
    with pytest.raises(CommandError, match=sentence):
        call_command("api_key", options.pop("email"), **options, stdout=io.StringIO())


def signed(**claims: Any) -> str:
    """A token of the site's own provider."""
    now = int(time.time())
    given = {"iss": site.OIDC_ISSUER, "aud": "web", "iat": now, "exp": now + 60, **claims}
    return jwt.encode(given, site.IDP_OIDC_PRIVATE_KEYS[-1]["pem"], algorithm="RS256")


def test_the_providers_own_tokens_are_taken(mia: User) -> None:
    """Signed by any of its keys, for the web half and a person, for as much as the scope says."""
    person = {"sub": str(mia.pk), "tenant": str(TENANT), "scope": "things:read"}
    client = program(signed(**person))
    assert client.get("/api/read").json() == {"user": mia.username}
    assert problem(send(client, name="a")) == (403, "/problems/permission-denied")
    for wrong in ({"aud": "api"}, {"sub": "client:billing"}, {"sub": "999999"}, {"exp": 1}):
        response = program(signed(**person | wrong)).get("/api/read")
        assert problem(response) == (401, "/problems/invalid-token")


def test_a_caller_has_so_many_requests(settings: Settings, browser: Client, mia: User) -> None:
    """The next one is told when to come back; a key of the same person is another caller."""
    settings.API = settings.API.model_copy(update={"api_requests_per_minute": 2})
    statuses = [browser.get("/api/read").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    response = browser.get("/api/read")
    assert problem(response) == (429, "/problems/too-many-tries")
    assert 1 <= int(response.headers["Retry-After"]) <= 30
    assert program(key_of(mia, "things:read")).get("/api/read").status_code == 200


def test_guessed_tokens_are_counted(settings: Settings, mia: User) -> None:
    """By their network, for nobody stands behind them; whoever has a token goes on."""
    settings.API = settings.API.model_copy(update={"api_requests_per_minute": 2})
    seen = [program("rbk_wrong").get("/api/read").status_code for _ in range(3)]
    assert seen == [401, 401, 429]
    assert program(key_of(mia, "things:read")).get("/api/read").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", ["graphql", "ninja/add?name=a", "drf?name=a"])
def test_a_write_for_everybody_keeps_its_answer_too(browser: Client, address: str) -> None:
    """No permission is asked for, and a retry does nothing again all the same, whatever framework
    serves it."""
    body, headers = {"query": 'mutation { add(name: "a") }'}, {"Idempotency-Key": "k"}
    first, second = (
        browser.post(f"/api/{address}", body, content_type="application/json", headers=headers)
        for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert Group.objects.filter(name="a").count() == 1


@pytest.mark.parametrize("query", ["fragment a on Query { one }", "subscription { one }"])
def test_a_query_that_cannot_be_run_is_refused(browser: Client, query: str) -> None:
    """Without an operation, or with one of a kind that nobody serves, it is a 400."""
    response = browser.post("/api/graphql", {"query": query}, content_type="application/json")
    assert response.status_code == 400
    assert "data" not in response.json()


@pytest.mark.parametrize("key", ["", "a" * 256, "a b", "ä"])
def test_a_key_of_a_request_is_visible_ascii(browser: Client, key: str) -> None:
    """Anything else is refused."""
    assert problem(send(browser, key=key, name="a")) == (422, "/problems/validation")


@pytest.mark.django_db(transaction=True)
def test_work_and_answer_commit_together(browser: Client) -> None:
    """A retry gets the answer; hooks of the commit run once; another body is refused."""
    key, name = str(uuid4()), str(uuid4())
    first, again = (send(browser, key=key, name=name) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert told == [name]
    assert connection.get_autocommit()
    assert problem(send(browser, key=key, name="b")) == (422, "/problems/idempotency-key-reused")


@pytest.mark.django_db(transaction=True)
def test_an_error_leaves_nothing_behind(browser: Client) -> None:
    """What a failed request had stored is taken back, and the key is free."""
    key, name = str(uuid4()), str(uuid4())
    assert problem(send(browser, key=key, name=name, fails=True)) == (409, "/problems/taken")
    assert not Group.objects.filter(name=name).exists()
    assert told == []
    assert send(browser, key=key, name=name).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_a_duplicate_in_flight_does_not_wait(mia: User) -> None:
    """It is told so at once, and holds nothing."""
    key, name = str(uuid4()), str(uuid4())

    def first() -> int:
        client = Client()
        client.force_login(mia)
        try:
            return int(send(client, key=key, name=name, waits=True).status_code)
        finally:
            connection.close()

    client = Client()
    client.force_login(mia)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(first)
        barrier.wait(timeout=10)
        response = send(client, key=key, name=name, waits=True)
        barrier.wait(timeout=10)
        assert running.result() == 201
    assert problem(response) == (409, "/problems/idempotency-in-progress")
    assert response.headers["Retry-After"] == "1"


def test_a_retry_has_to_be_allowed_too(browser: Client, settings: Settings) -> None:
    """Somebody who may no longer do it does not get the answer either."""
    key = str(uuid4())
    assert send(browser, key=key, name=key).status_code == 201
    settings.ROLES = f"{__name__}.NOTHING"
    assert problem(send(browser, key=key, name=key)) == (403, "/problems/permission-denied")


NOTHING: dict[str, frozenset[str]] = {}
