"""SEC001."""

from collections.abc import Iterator
from typing import override

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import SystemUnderTest, visitor

_EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'",
}
_BACK_OFFICE = "GET /admin/"
_NOWHERE = "/nothing-here"


class SecurityHeaders(SyncRule[SystemUnderTest]):
    """No browser guesses a content type, frames a page, or runs what a page was not given."""

    id = "SEC001"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Django's `SecurityMiddleware`, `ContentSecurityPolicyMiddleware` and
        `XFrameOptionsMiddleware` add the headers; `SECURE_CSP` begins with `default-src 'none'` and
        allows files of ours. Put scripts and styles into files. Only the back office, whose pages
        are not ours, may need more; it may frame itself.
        """
        answers = {f"GET {visit.route.template}": visit.response for visit in system.visits}
        answers[f"GET {_NOWHERE}"] = visitor().get(_NOWHERE)
        for place, response in answers.items():
            for header, expected in _EXPECTED.items():
                seen = response.headers.get(header, "nothing")
                is_own_frame = seen == "SAMEORIGIN" and place.startswith(_BACK_OFFICE)
                if not (seen.startswith(expected) or is_own_frame):
                    yield Finding(place, f"answered with {header}: {seen}")
            policy = response.headers.get("Content-Security-Policy", "")
            if "'unsafe-" in policy and not place.startswith(_BACK_OFFICE):
                yield Finding(place, f"allows what it should not: {policy}")
