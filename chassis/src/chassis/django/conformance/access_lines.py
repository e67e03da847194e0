"""OBS001."""

from collections.abc import Iterator
from typing import override

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import SystemUnderTest, Visit

_FIELDS = {"request_id", "trace_id", "route", "status", "duration_ms", "service", "outcome"}


class AccessLines(SyncRule[SystemUnderTest]):
    """Each request leaves one JSON line, with its identifiers, route, status and duration."""

    id = "OBS001"
    level = Level.SILVER

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """The platform's `RequestMiddleware`, first in `MIDDLEWARE`, writes that line. A second one
        comes from a server's own access log or from middleware; a missing one from code that
        configures logging again after the start.
        """
        for visit in system.visits:
            place = f"GET {visit.route.template}"
            if len(visit.lines) != 1:
                yield Finding(place, f"left {len(visit.lines)} access lines")
            elif seen := _wrong(visit):
                yield Finding(place, seen)


def _wrong(visit: Visit) -> str | None:
    line = visit.lines[0]
    if missing := _FIELDS - line.keys():
        return f"left a line without {', '.join(sorted(missing))}"
    if line["route"] != visit.route.template:
        return f"is called {line['route']} in its line"
    given = visit.response.headers.get("X-Request-ID")
    return None if line["request_id"] == given else "was logged under another request id"
