"""The roles and their permissions. `just migrate` updates the database to match.

An app adds its own permissions in `web/<app>/permissions.py`. They disappear with its folder.
"""

from chassis.django.discovery import discover
from chassis.django.people.roles import matrix

MEMBER = "member"  # every member of the tenant has this role
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
    """Return the roles for a form. As this is a function, a new role needs no migration."""
    return [(role, role.capitalize()) for role in ROLES]
