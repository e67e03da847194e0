"""The one step between a request of an API and its operation, for every API framework."""

from django.http import HttpRequest

from chassis.django.api.idempotency import begin
from chassis.django.people.roles import check


def admit(request: HttpRequest, permission: str | None) -> None:
    """Check the caller's `permission`, then begin a write that has an `Idempotency-Key`.

    `permission=None` admits any signed-in person. The order makes a retry need the permission too.
    Raises ProblemError 403, and the errors of `begin`; for a repeated write that is `Replay`, which
    carries the response of the first one.
    """
    if permission is not None:
        check(request, permission)
    begin(request)
