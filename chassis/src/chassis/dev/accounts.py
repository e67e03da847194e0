"""``python -m chassis admin``, and whether the service has accounts at all."""

from chassis import devdb, migrate, processes
from chassis.dev.errors import ChoreError
from chassis.service import Service


def issuer_of_its_own(service: Service) -> bool:
    """Say whether ``service`` issues the tokens of its API itself: by its web half, or from the
    accounts that its API owns."""
    return "web" in service.halves or bool(processes.own(service, "api", "admin"))


def make_administrator(service: Service, email: str) -> None:
    """Make an administrator where the service has accounts: in Django, else in its API.

    Raises ChoreError when it has none, CommandFailedError.
    """
    if not issuer_of_its_own(service):
        raise ChoreError(
            "This service has no accounts: its callers bring tokens of another issuer; "
            "`uv run just token` makes one for development."
        )
    half = service.halves[0]
    with devdb.available(service):
        migrate.run(service, half)
        processes.run(service, *processes.own(service, half, "admin", email))
