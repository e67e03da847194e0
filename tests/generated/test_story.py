"""The Django plan as its people live it, from the first visit to the audit trail."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.generated.browsing import Person, browser, link_in, mail, one_time_code
from tests.generated.conftest import Company
from tests.generated.serving import background, free_port, wait_until_ready

NORA, PHRASE = "nora@example.com", "a long enough phrase"
INES, PRIYA = "ines@harbourfinch.example", "priya@harbourfinch.example"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser."""
    with browser() as started:
        yield started


@pytest.mark.xdist_group("story")
def test_the_whole_story(company: Company, chromium: Browser) -> None:
    """Sign up, verify, enroll, invite, file, approve, report, export, audit: with mail, in a real
    browser, without a fault that axe calls serious, and nothing that the page's policy blocks."""
    port = str(free_port())
    # by name: no browser makes a passkey for an address
    url = f"http://localhost:{port}"
    with background(
        company.project, "just", "up", "--no-reload", WEB_PORT=port, SIGN_UP_OPEN="true"
    ) as running:
        wait_until_ready(f"{url}/readyz", running)
        people = tell(chromium, url, company.project.path / ".dev" / "mail", company.password)
    assert "Traceback" not in running.printed()
    assert [] == [fault for person in people for fault in person.faults]


def tell(browser: Browser, url: str, mails: Path, password: str) -> list[Person]:
    """Let three people do their work; return them."""
    nora, ines, priya = (Person.at(browser, url) for _ in range(3))

    sign_up(nora, mails)
    secret = enrol(nora, PHRASE)
    add_passkey(nora)

    sign_in(ines, INES, password)
    ines.opens("/admin/")
    ines.reads("set one up first")
    enrol(ines, password)
    invite(ines, NORA)

    nora.opens(link_in(mail(mails, NORA, "Harbour")))
    nora.presses("Join Harbour & Finch")

    sign_in(priya, PRIYA, password)
    choose(priya)
    file_request(priya)

    sign_out(nora)
    sign_in_by_code(nora, secret)
    choose(nora)
    approve(nora)
    assert "Cheaper than the repair" in mail(mails, PRIYA, "Approved: A quieter printer")
    priya.page.reload()
    priya.reads("Cheaper than the repair")

    report(nora)
    sign_out(nora)
    sign_in_by_passkey(nora)
    audit(ines)
    return [nora, ines, priya]


def sign_up(person: Person, mails: Path) -> None:
    """Make an account and prove the address."""
    person.opens("/accounts/signup/")
    person.fills(email=NORA, password1=PHRASE, password2=PHRASE)
    person.presses("Sign Up")
    person.opens(link_in(mail(mails, NORA, "confirm")))
    person.presses("Confirm")
    sign_in(person, NORA, PHRASE)


def sign_in(person: Person, email: str, password: str) -> None:
    """Give address and password."""
    person.opens("/accounts/login/")
    person.fills(login=email, password=password)
    person.presses("Sign in")


def sign_out(person: Person) -> None:
    """End the session."""
    person.opens("/accounts/logout/")
    person.presses("Sign Out")


def prove(person: Person, password: str) -> None:
    """Say once more who sits there, where the page asks."""
    if "/reauthenticate/" in person.page.url:
        person.fills(password=password)
        person.presses("Confirm")


def enrol(person: Person, password: str) -> str:
    """Set up an authenticator app; return its secret."""
    person.opens("/accounts/2fa/totp/activate/")
    prove(person, password)
    secret = person.page.locator("#authenticator_secret").input_value()
    person.fills(code=one_time_code(secret))
    person.presses("Activate")
    return secret


def add_passkey(person: Person) -> None:
    """Register a passkey with an authenticator that the browser plays."""
    session = person.page.context.new_cdp_session(person.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    person.opens("/accounts/2fa/webauthn/add/")
    person.fills(name="Nora's laptop")
    person.page.locator("main [name=passwordless]").check()
    person.presses("Add")
    person.reads("Security key added")
    person.opens("/accounts/2fa/webauthn/")
    person.reads("Nora's laptop")


def sign_in_by_code(person: Person, secret: str) -> None:
    """Give the password and then the code of the app."""
    sign_in(person, NORA, PHRASE)
    # the code of enrollment is spent, and the next one is good already
    person.fills(code=one_time_code(secret, later=1))
    person.presses("Sign In")
    person.reads("Welcome")


def sign_in_by_passkey(person: Person) -> None:
    """Sign in without a password."""
    person.opens("/accounts/login/")
    person.presses("Sign in with a passkey")
    person.reads("Welcome")


def invite(person: Person, email: str) -> None:
    """Ask somebody to join as a reviewer."""
    choose(person)
    person.opens("/organizations/members")
    person.follows("Invite a person")
    person.fills(email=email)
    person.page.locator("main [name=role]").select_option("reviewer")
    person.presses("Send the invitation")
    person.reads(email)


def choose(person: Person) -> None:
    """Work with the company, whatever else somebody belongs to."""
    person.opens("/organizations/")
    button = person.page.get_by_role("button", name="Work with Harbour & Finch")
    if button.count():
        person.presses("Work with Harbour & Finch")


def file_request(person: Person) -> None:
    """Ask for money, with a quote."""
    person.opens("/approvals/")
    person.opens("/approvals/new")
    person.fills(title="A quieter printer", amount="349.50", purpose="The old one is loud.")
    quote = {"name": "quote.pdf", "mimeType": "application/pdf", "buffer": PDF}
    person.page.locator("main [name=attachment]").set_input_files(quote)  # type: ignore[arg-type]
    person.presses("Submit the request")
    person.reads("is waiting for a decision")


def approve(person: Person) -> None:
    """Read the attachment and decide."""
    person.opens("/approvals/")
    person.follows("A quieter printer")
    with person.page.expect_download() as download:
        person.page.get_by_role("link", name="quote.pdf").click()
    assert PDF == download.value.path().read_bytes()
    person.fills(comment="Cheaper than the repair")
    person.presses("Approve")
    person.reads("is approved")


def report(person: Person) -> None:
    """Look at the year and take it along."""
    person.opens("/approvals/report")
    with person.page.expect_download() as download:
        person.page.get_by_role("link", name="Download CSV").click()
    assert "A quieter printer" in download.value.path().read_text()


def audit(person: Person) -> None:
    """Find in the back office what the others did."""
    person.opens("/admin/")
    for action in ("approvals.exported", "approval.decided", "invitation.accepted"):
        person.opens(f"/admin/chassis/auditevent/?q={action}")
        person.reads(action)
