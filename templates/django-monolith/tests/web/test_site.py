"""The frame around every page: who gets in, what a browser is told, how errors look."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Walk every route of the project."""
    for item in resolver.url_patterns:
        route = prefix + str(item.pattern).removeprefix("^")
        if isinstance(item, URLResolver):
            yield from patterns(item, route)
        else:
            yield route, item


@pytest.mark.django_db
def test_visitor_is_sent_to_the_login() -> None:
    """A browser that is not signed in comes back to where it wanted to go."""
    response = Client().get("/accounts/email/")
    assert response.status_code == 302
    assert response.headers["Location"] == "/accounts/login/?next=/accounts/email/"


@pytest.mark.django_db
def test_software_gets_a_problem_instead_of_a_login_page() -> None:
    """A client that wants JSON is told 401 as problem details."""
    response = Client(headers={"accept": "application/json"}).get("/accounts/email/")
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["request_id"] == response.headers["X-Request-ID"]


@pytest.mark.django_db
def test_front_page_is_public() -> None:
    """A visitor sees where to sign in."""
    response = Client().get("/")
    assert response.status_code == 200
    assert "/accounts/login/" in response.text


def test_front_page_greets_and_offers_the_apps(browser: Client) -> None:
    """A signed-in person is greeted by name."""
    response = browser.get("/")
    assert "Good to see you, Mia" in response.text


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/nothing-here"])
def test_every_answer_forbids_foreign_scripts_and_frames(path: str) -> None:
    """The content policy allows our own files only, on error pages too."""
    headers = Client().get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_missing_page_is_explained_in_html(browser: Client) -> None:
    """A person who took a wrong turn gets a page with a way back."""
    response = browser.get("/nothing-here", headers={"accept": "text/html"})
    assert response.status_code == 404
    assert "There is nothing here" in response.text


def test_process_reports_itself_alive() -> None:
    """`/livez` answers without a database, whatever host name it is asked by."""
    response = Client(headers={"host": "10.1.2.3"}).get("/livez")
    assert response.status_code == 200


@pytest.mark.django_db
def test_migrated_process_is_ready() -> None:
    """`/readyz` answers 200 once the database has every migration."""
    assert Client().get("/readyz").status_code == 200
