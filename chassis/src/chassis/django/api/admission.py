"""The one step between a request of an API and its operation, whatever framework runs it."""

from django.http import HttpRequest

from chassis.django.api.idempotency import begin
from chassis.django.people.roles import check


def admit(request: HttpRequest, permission: str | None) -> None:
    """Check the caller's `permission` (None: any signed-in person), then begin a write that has an
    `Idempotency-Key`.

    In this order, so that a retry has to hold the permission too. Raises ProblemError 403, and as
    `begin`, which ends a repeated write with the answer of the first one.
    """
    if permission is not None:
        check(request, permission)
    begin(request)
