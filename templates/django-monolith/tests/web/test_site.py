"""All pages: access, security headers and error pages."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every route of the project."""
    for item in resolver.url_patterns:
        route = prefix + str(item.pattern).removeprefix("^")
        if isinstance(item, URLResolver):
            yield from patterns(item, route)
        else:
            yield route, item


@pytest.mark.django_db
def test_visitor_is_sent_to_the_login() -> None:
    """After the login a browser returns to the page that it requested."""
    response = Client().get("/accounts/email/")
    assert response.status_code == 302
    assert response.headers["Location"] == "/accounts/login/?next=/accounts/email/"


@pytest.mark.django_db
def test_software_gets_a_problem_instead_of_a_login_page() -> None:
    """A client that accepts JSON gets 401 as problem details."""
    response = Client(headers={"accept": "application/json"}).get("/accounts/email/")
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["request_id"] == response.headers["X-Request-ID"]


@pytest.mark.django_db
def test_front_page_is_public() -> None:
    """A visitor sees a link to sign in."""
    response = Client().get("/")
    assert response.status_code == 200
    assert "/accounts/login/" in response.text


def test_front_page_greets_and_offers_the_apps(browser: Client) -> None:
    """The home page shows the name of a signed-in person."""
    response = browser.get("/")
    assert "Welcome, Mia" in response.text


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/nothing-here"])
def test_every_answer_forbids_foreign_scripts_and_frames(path: str) -> None:
    """The content security policy allows only our own files, also on error pages."""
    headers = Client().get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_missing_page_is_explained_in_html(browser: Client) -> None:
    """A wrong address gets an error page with a link to the home page."""
    response = browser.get("/nothing-here", headers={"accept": "text/html"})
    assert response.status_code == 404
    assert "Page not found" in response.text


def test_process_reports_itself_alive() -> None:
    """`/livez` answers without a database and for any host name."""
    response = Client(headers={"host": "10.1.2.3"}).get("/livez")
    assert response.status_code == 200


@pytest.mark.django_db
def test_migrated_process_is_ready() -> None:
    """`/readyz` answers 200 once the database has every migration."""
    assert Client().get("/readyz").status_code == 200
