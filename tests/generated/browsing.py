"""Somebody at a browser: pages are read and operated as a person would, and judged meanwhile."""

import base64
import contextlib
import hashlib
import hmac
import os
import re
import shutil
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_DESKTOP = {"width": 1280, "height": 900}
_PHONE = {"width": 390, "height": 844}
_SERIOUS = {"serious", "critical"}
_MAIL_WITHIN = 30  # seconds; a worker on a busy machine
_STEP = 30  # seconds that a code of RFC 6238 is good for
SHOTS = os.environ.get("STORY_SHOTS")
"""A folder for a picture of each page at both widths, for people who want to look."""


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Start the Chromium of this machine; fail with what to install where there is none."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        pytest.fail("There is no Chromium on PATH: apt-get install chromium, and try again.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@dataclass
class Person:
    """One browser profile of one person; what they saw that was wrong is in `faults`."""

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    @classmethod
    def at(cls, browser: Browser, url: str) -> "Person":
        """Open a fresh profile."""
        context = browser.new_context(viewport=_DESKTOP, accept_downloads=True)  # type: ignore[arg-type]
        person = cls(context.new_page(), url)
        person.page.set_default_timeout(20_000)
        person.page.on("console", person._listen)
        return person

    def opens(self, address: str) -> None:
        """Go to an address of the service, or to a link from a mail."""
        self.page.goto(address if address.startswith("http") else f"{self.url}{address}")
        self.looks()

    def fills(self, **fields: str) -> None:
        """Type into fields by their names."""
        for name, value in fields.items():
            field = self.page.locator(f"main [name={name}]")
            assert field.count(), f"{self.page.url} has no field {name}: {self._text()}"
            field.fill(value)

    def presses(self, label: str) -> None:
        """Press a button of the page, and look at what comes."""
        # the page is left, and only then is there something to look at
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=label, exact=True).first.click()
        self.looks()

    def follows(self, label: str) -> None:
        """Follow a link of the page."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=label).first.click()
        self.looks()

    def reads(self, text: str) -> None:
        """Find a text on the page."""
        found = self._text()
        assert text.casefold() in found.casefold(), f"{self.page.url}: {found}"

    def looks(self) -> None:
        """Judge a page, at desktop and phone width, the first time that it is seen."""
        name = re.sub(r"[0-9a-f-]{36}|[^/]{40,}", "ID", self.page.url.removeprefix(self.url))
        name = re.sub(r"\W+", "-", name.partition("?")[0]).strip("-") or "home"
        if name in self._seen:
            return
        self._seen.add(name)
        for width, size in (("desktop", _DESKTOP), ("phone", _PHONE)):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            if SHOTS:
                shot = Path(SHOTS) / f"{name}-{width}.png"
                self.page.screenshot(path=shot, full_page=True)
            self.faults += [f"{name} ({width}): {fault}" for fault in self.inaccessible()]
            if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                self.faults.append(f"{name} ({width}): wider than the window")
        self.page.set_viewport_size(_DESKTOP)  # type: ignore[arg-type]

    def _text(self) -> str:
        return self.page.locator("body").inner_text()

    def inaccessible(self) -> list[str]:
        """Name what axe calls serious on the page, as it is now."""
        violations: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [
            f"{found['id']}: {found['nodes'][0]['html'][:200]}"
            for found in violations
            if found["impact"] in _SERIOUS
        ]

    def _listen(self, message: ConsoleMessage) -> None:
        # a page that refuses answers with 4xx, which a browser tells the console as well
        if message.type == "error" and "status of 4" not in message.text:
            self.faults.append(f"{self.page.url}: {message.text}")


def mail(folder: Path, to: str, word: str) -> str:
    """Wait for a mail in development's folder that says `word`, and return its text."""
    deadline = time.monotonic() + _MAIL_WITHIN
    while time.monotonic() < deadline:
        for text in (file.read_text() for file in folder.glob("*.eml")):
            if f"To: {to}" in text and word in text:
                return text
        time.sleep(0.2)
    found = [file.read_text() for file in folder.glob("*.eml")]
    pytest.fail(f"No mail to {to} says {word!r}: {found}")


def link_in(text: str) -> str:
    """The first link of a mail."""
    first: str = re.findall(r"http://\S+", text)[0]
    return first


def one_time_code(secret: str, *, later: int = 0) -> str:
    """What an authenticator app shows (RFC 6238, six digits), or will show `later` steps on."""
    counter = struct.pack(">Q", int(time.time()) // _STEP + later)
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06d}"
