"""The request layer: identifiers, the log line, errors, probes, denial by default."""

from unittest.mock import patch

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client
from structlog.testing import capture_logs

from chassis.django import health
from chassis.environment import SettingsError
from chassis.health import Readiness

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


@pytest.fixture
def client() -> Client:
    """A client that gets a 500 as a browser does."""
    return Client(raise_request_exception=False)


def test_a_build_does_not_serve(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What collects static files with throw-away values answers no request."""
    monkeypatch.setenv("ENVIRONMENT", "build")
    with pytest.raises(SettingsError, match="never serves"):
        client.get("/livez")


def test_harmless_request_id_is_kept(client: Client) -> None:
    """The id of a proxy that we trust comes back; a stranger gets one of ours."""
    stranger = client.get("/public/x", {}, REMOTE_ADDR="192.0.2.1", HTTP_X_REQUEST_ID="abcd-1234")
    assert stranger.headers["X-Request-ID"] != "abcd-1234"
    response = client.get("/public/x", headers={"X-Request-ID": "abcd-1234"})
    assert response.headers["X-Request-ID"] == "abcd-1234"


@pytest.mark.parametrize("value", ["short", "a" * 65, "line\x85break-in-it", "<script>alert"])
def test_harmful_request_id_is_replaced(client: Client, value: str) -> None:
    """An id that could forge a log line does not come back."""
    response = client.get("/public/x", headers={"X-Request-ID": value, "traceparent": "\xff"})
    assert response.status_code == 200
    assert response.headers["X-Request-ID"] != value


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/public/x", "/public/<what>", 200),
        ("/public/missing", "/public/<what>", 404),
        ("/public/crash", "/public/<what>", 500),
        ("/private", "/private", 302),
        ("/people/jane-doe", "unmatched", 404),
        ("/livez", "/livez", 200),
    ],
)
def test_one_line_for_each_request(client: Client, path: str, route: str, status: int) -> None:
    """The line has the route's template, never the path."""
    with capture_logs() as lines:
        client.get(path)
    assert [line["event"] for line in lines] == ["request"]
    assert (lines[0]["method"], lines[0]["route"], lines[0]["status"]) == ("GET", route, status)
    assert lines[0]["duration_ms"] >= lines[0]["ttfb_ms"] >= 0
    assert lines[0]["outcome"] == "complete"


def test_line_says_how_much_was_sent(client: Client) -> None:
    """Sizes of both bodies, and the names that the lines of an API have."""
    with capture_logs() as lines:
        client.post("/public/x", b"12345", "text/plain")
    assert (lines[0]["request_bytes"], lines[0]["response_bytes"]) == (5, 4)


@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize(
    ("what", "status", "kind"),
    [
        ("refuse", 409, "/problems/taken"),
        ("missing", 404, "about:blank"),
        ("crash", 500, "/problems/internal"),
    ],
)
def test_software_gets_problems(
    client: Client, prefix: str, what: str, status: int, kind: str
) -> None:
    """Under `/api/` always, elsewhere for whoever asks for JSON."""
    response = client.get(f"{prefix}/public/{what}", headers=JSON if not prefix else {})
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers.get("Content-Length") == str(len(response.content))
    body = response.json()
    assert (body["type"], body["status"]) == (kind, status)
    assert body["instance"] == f"{prefix}/public/{what}"
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert "hunter2" not in response.text


@pytest.mark.parametrize("accept", ["text/html,application/xml,*/*;q=0.8", "*/*", "image/png"])
def test_people_get_pages(client: Client, accept: str) -> None:
    """A browser gets the problem as a page, with its headers."""
    response = client.get("/public/refuse", headers={"accept": accept})
    assert response.status_code == 409
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.headers["Retry-After"] == "3"
    assert "Somebody was faster." in response.text


def test_lost_database_is_not_our_crash(client: Client) -> None:
    """While the database is away a request gets 503 with Retry-After, as page and as problem."""
    gone = OperationalError("connection refused")
    gone.__cause__ = psycopg.OperationalError("connection refused")
    with patch("django.db.backends.utils.CursorWrapper.execute", side_effect=gone):
        problem = client.get("/api/public/database")
        page = client.get("/public/database")
    assert (problem.status_code, page.status_code) == (503, 503)
    assert problem.json()["type"] == "/problems/database-unavailable"
    assert page.headers["Retry-After"] == "5"


def test_lost_database_answers_whoever_has_a_session(client: Client) -> None:
    """The session is read before the view runs, and its loss is no crash either."""
    client.force_login(User.objects.create(username="mia"))
    gone = OperationalError("connection refused")
    gone.__cause__ = psycopg.OperationalError("connection refused")
    with patch("django.db.backends.utils.CursorWrapper.execute", side_effect=gone):
        assert client.get("/private").status_code == 503


def test_cancelled_statement_is_our_crash(client: Client) -> None:
    """A statement that took too long says nothing about the database's health."""
    slow = OperationalError("canceling statement")
    slow.__cause__ = psycopg.errors.QueryCanceled("canceling statement")
    with patch("django.db.backends.utils.CursorWrapper.execute", side_effect=slow):
        assert client.get("/api/public/database").status_code == 500


def test_page_is_private_until_it_says_not(client: Client) -> None:
    """Whoever is not signed in is sent to the login; software is told 401."""
    assert client.get("/private").headers["Location"] == "/accounts/login/?next=/private"
    assert client.get("/api/private").status_code == 401
    client.force_login(User.objects.create(username="mia"))
    assert client.get("/private").text == "private"


def test_probes_answer_any_host(client: Client) -> None:
    """An orchestrator asks by an address that is not in ALLOWED_HOSTS."""
    foreign = {"host": "10.0.0.7"}
    assert client.get("/public/x", headers=foreign).status_code == 400
    assert client.get("/livez", headers=foreign).json() == {"status": "ok"}


def test_readiness_waits_for_the_schema(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind on migrations means not ready; once ready, a dead database changes nothing."""
    monkeypatch.setattr(health, "readiness", Readiness("database"))
    monkeypatch.setattr("chassis.schema.HEAD", 10_000)
    waiting = client.get("/readyz")
    assert waiting.status_code == 503
    assert waiting.json()["checks"] == {"database": "the platform's schema is too old"}
    monkeypatch.undo()
    assert client.get("/readyz").status_code == 200
    with patch("chassis.schema.current", side_effect=psycopg.OperationalError):
        assert client.get("/readyz").status_code == 200


def test_readiness_survives_a_dead_database(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is away at the start is a reason, not a crash."""
    monkeypatch.setattr(health, "readiness", Readiness("database"))
    with patch.object(
        connection.__class__, "ensure_connection", side_effect=OperationalError, create=True
    ):
        answer = client.get("/readyz")
    assert answer.json()["checks"] == {"database": "it does not answer"}
