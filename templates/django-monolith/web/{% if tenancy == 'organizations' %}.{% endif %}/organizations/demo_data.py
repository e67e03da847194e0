"""A second organization of the fictional company, and an open invitation to the first one."""

from uuid import UUID

from chassis.django.people import invitations
from django.utils import timezone

from web.accounts.demo_data import company
from web.accounts.roles import MANAGER, REVIEWER
from web.organizations.models import Invitation, Organization

SISTER = "Finch Print Works"
INVITED = "leila@harbourfinch.example"


def add_demo_data(*, tenant: UUID, password: str) -> str:
    """Create what is missing. The invitation's token is not stored: resend it to get a link."""
    firm = company(tenant=tenant, password=password)
    sister, _ = Organization.objects.get_or_create(name=SISTER)
    sister.admit(firm.people["ines"], role=MANAGER)
    sister.admit(firm.people["priya"], role=REVIEWER)
    Invitation.objects.get_or_create(
        organization_id=firm.tenant,
        email=INVITED,
        defaults={
            "role": REVIEWER,
            "token_hash": invitations.digest(invitations.new_token()),
            "invited_by": firm.people["ines"],
            "sent_at": timezone.now(),
            "expires_at": invitations.expiry(),
        },
    )
    return f"{SISTER}: Ines is its manager, Priya a reviewer; {INVITED} is invited"
