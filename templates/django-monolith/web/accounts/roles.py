"""The role matrix: who may do what. `just migrate` brings the database in step with it.

An app adds its own permissions in `web/<app>/permissions.py`, so that they leave with its folder.
"""

from chassis.django.discovery import discover
from chassis.django.people.roles import matrix

MEMBER = "member"  # everybody who belongs to the tenant has this one
REVIEWER = "reviewer"
MANAGER = "manager"

ROLES = matrix(
    {
        MEMBER: (),
        REVIEWER: (),
        MANAGER: (),
    },
    discover("web", "permissions").values(),
)


def choices() -> list[tuple[str, str]]:
    """Give the roles for a form; a function, so that a new role needs no migration."""
    return [(role, role.capitalize()) for role in ROLES]
