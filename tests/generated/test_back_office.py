"""The generated back office in a real browser, which enforces its content policy."""

import shlex
from collections.abc import Iterator

import pytest

from tests.generated.browsing import Person, browser, one_time_code
from tests.generated.conftest import Company, Project
from tests.generated.serving import SERVE_WEB, background, free_port, wait_until_ready

_ROOT, _PHRASE = "root@example.com", "a long enough phrase"
_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - of an app that dies with the test
_ENROL = (
    "from allauth.mfa.totp.internal.auth import TOTP; from web.accounts.models import User; "
    f"TOTP.activate(User.objects.create_superuser({_ROOT!r}, {_PHRASE!r}), {_SECRET!r})"
)
_REQUESTS = "/admin/approvals/approvalrequest/"
_PAGES = (
    _REQUESTS,
    f"{_REQUESTS}?q=monitor&status__exact=pending",
    "/admin/chassis/auditevent/",
    "/admin/accounts/user/",
    "/admin/accounts/user/add/",
    "/admin/auth/group/",
    "/admin/mfa/authenticator/",
    "/admin/usersessions/usersession/",
    "/admin/organizations/organization/",
    "/support/impersonate/",
    "/accounts/sessions/",
)


@pytest.fixture
def root(company: Company) -> Iterator[Person]:
    """A superuser with a second factor at a browser, before an invented company's service."""
    _in_shell(company.project, _ENROL)
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    with (
        background(company.project, "just", "with-db", "web", *SERVE_WEB, port) as running,
        browser() as chromium,
    ):
        wait_until_ready(f"{url}/readyz", running)
        yield Person.at(chromium, url)


@pytest.mark.xdist_group("story")
def test_back_office_in_a_browser(root: Person) -> None:
    """Its lists, forms and questions work at both widths: nothing that the policy blocks, and no
    fault that axe calls serious."""
    _sign_in(root)
    root.opens("/admin/")
    for path in _PAGES:
        root.opens(path)
    _open_first(root, _REQUESTS)
    _open_first(root, "/admin/organizations/organization/")
    _open_frame(root)
    _decide(root)
    assert root.faults == []


def _in_shell(project: Project, code: str) -> None:
    command = f"uv run just with-db web python manage.py shell -c {shlex.quote(code)}"
    project.run(command, environment={"ENVIRONMENT": "development"})


def _sign_in(person: Person) -> None:
    person.opens("/accounts/login/?next=/admin/")
    person.fills(login=_ROOT, password=_PHRASE)
    person.presses("Sign in")
    person.fills(code=one_time_code(_SECRET))
    person.presses("Sign In")
    person.reads("People and access")


def _open_first(person: Person, address: str) -> None:
    person.opens(address)
    with person.page.expect_navigation():
        person.page.locator("#result_list tbody a").first.click()
    person.looks()


def _open_frame(person: Person) -> None:
    """See a member's own page in the organization's, in a frame that the policy allows."""
    person.page.locator("a.related-widget-wrapper-link[href]").first.evaluate("it => it.click()")
    frame = person.page.frame_locator("iframe.related-modal-frame")
    frame.locator("#id_email").wait_for()
    person.faults += person.inaccessible()


def _decide(person: Person) -> None:
    """Approve two requests at once, after a question."""
    person.opens(_REQUESTS)
    boxes = person.page.locator("#result_list tbody input.action-select")
    for place in range(2):
        boxes.nth(place).check(force=True)
    person.page.locator("select[name=action]").select_option("approve_selected")
    with person.page.expect_navigation():
        person.page.locator("#changelist-actions button[type=submit]").click()
    person.reads("Approve these requests?")
    person.faults += person.inaccessible()
    person.presses("Approve these requests")
    person.reads("done.")
