"""The people of a fictional company, for development: `just demo-data`."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import Group

from web.accounts.models import User
from web.accounts.roles import MANAGER, REVIEWER
from web.tenancy import assign, settle

COMPANY = "Harbour & Finch"


@dataclass(frozen=True)
class Company:
    """The people, by the first part of their address, and the tenant they share."""

    people: dict[str, User]
    tenant: UUID


def add_demo_data(*, tenant: UUID, password: str) -> str:
    """Create the people who are missing. Existing people keep their password."""
    return f"{COMPANY}: {len(company(tenant=tenant, password=password).people)} people"


def company(*, tenant: UUID, password: str) -> Company:
    """Return the company; create what is missing."""
    people = {
        "ines": _person("ines", "Ines Carvalho", password, is_staff=True, is_superuser=True),
        "tom": _person("tom", "Tom Whitfield", password, is_staff=True),
        "priya": _person("priya", "Priya Nair", password),
        "jonas": _person("jonas", "Jonas Lindqvist", password),
        "amara": _person("amara", "Amara Osei", password),
    }
    settle(COMPANY, people.values(), tenant=tenant)
    assign(MANAGER, to=people["ines"], tenant=tenant)
    assign(REVIEWER, to=people["tom"], tenant=tenant)
    # The back office shows all tenants, so it checks groups and not a person's role in one tenant.
    people["tom"].groups.add(Group.objects.get(name=REVIEWER))
    return Company(people=people, tenant=tenant)


def _person(key: str, name: str, password: str, **flags: bool) -> User:
    email = f"{key}@harbourfinch.example"
    user = User.objects.filter(email=email).first()
    return user or User.objects.create_verified(email, password, name=name, **flags)
