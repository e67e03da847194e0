"""OBS001."""

from collections.abc import Iterator
from typing import override

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.system_under_test import SystemUnderTest, Visit

_FIELDS = {"request_id", "trace_id", "route", "status", "duration_ms", "service", "outcome"}


class AccessLines(SyncRule[SystemUnderTest]):
    """Each request writes one JSON log line with its identifiers, route, status and duration."""

    id = "OBS001"
    level = Level.SILVER

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Keep the platform's `RequestMiddleware` first in `MIDDLEWARE`: it writes the line. If
        there is a second line, turn off the server's own access log, or the middleware that writes
        one. If the line is missing, look for code that configures logging again after the start.
        """
        for visit in system.visits:
            place = f"GET {visit.route.template}"
            if len(visit.lines) != 1:
                yield Finding(place, f"wrote {len(visit.lines)} access lines")
            elif problem := _problem(visit):
                yield Finding(place, problem)


def _problem(visit: Visit) -> str | None:
    line = visit.lines[0]
    if missing := _FIELDS - line.keys():
        return f"wrote a line without {', '.join(sorted(missing))}"
    if line["route"] != visit.route.template:
        return f"is logged as {line['route']}"
    sent_id = visit.response.headers.get("X-Request-ID")
    return None if line["request_id"] == sent_id else "was logged under another request ID"
