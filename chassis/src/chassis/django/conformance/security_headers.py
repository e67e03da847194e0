"""SEC001."""

from collections.abc import Iterator
from typing import override

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import SystemUnderTest, anonymous_client

_EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'",
}
_BACK_OFFICE = "GET /admin/"
_NOWHERE = "/nothing-here"


class SecurityHeaders(SyncRule[SystemUnderTest]):
    """Browsers do not guess content types, frame pages, or run scripts that are not allowed."""

    id = "SEC001"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Django's `SecurityMiddleware`, `ContentSecurityPolicyMiddleware` and
        `XFrameOptionsMiddleware` add the headers: keep all three. `SECURE_CSP` begins with
        `default-src 'none'` and allows files of this service, so put scripts and styles into files.
        Only the back office may allow more, because its pages come from third-party apps; it may
        also frame its own pages.
        """
        answers = {f"GET {visit.route.template}": visit.response for visit in system.visits}
        answers[f"GET {_NOWHERE}"] = anonymous_client().get(_NOWHERE)
        for place, response in answers.items():
            for header, expected in _EXPECTED.items():
                value = response.headers.get(header, "nothing")
                is_own_frame = value == "SAMEORIGIN" and place.startswith(_BACK_OFFICE)
                if not (value.startswith(expected) or is_own_frame):
                    yield Finding(place, f"answered with {header}: {value}")
            policy = response.headers.get("Content-Security-Policy", "")
            if "'unsafe-" in policy and not place.startswith(_BACK_OFFICE):
                yield Finding(place, f"answered with an unsafe content security policy: {policy}")
