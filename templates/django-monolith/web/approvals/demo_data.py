"""The requests of the fictional company, for development: `just demo-data`."""

from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from web.accounts.demo_data import Company, company
from web.approvals.models import ApprovalRequest

Status = ApprovalRequest.Status


class Example(NamedTuple):
    """One request: the requester, its age in days, its content and the decision."""

    by: str
    days: int
    title: str
    amount: str
    purpose: str
    status: Status = Status.PENDING
    decided_by: str | None = None


EXAMPLES = (
    Example("priya", 0, "Second monitor for the studio", "389.00",
            "Color proofs are checked side by side. Today one of us always waits."),
    Example("jonas", 1, "Booth at the Lisbon print fair", "4250.00",
            "Six square meters for three days. Last year's booth brought eleven customers."),
    Example("amara", 2, "Forklift inspection", "618.40",
            "The annual inspection is due on the 30th. Without it the insurance does not pay."),
    Example("tom", 3, "Accounting software, annual license", "1188.00",
            "Five seats. Annual payment is two months cheaper than monthly payment."),
    Example("priya", 37, "Paper samples from three mills", "240.75",
            "For the recycled range that two customers asked about.",
            Status.APPROVED, "tom"),
    Example("jonas", 68, "Company bicycle for deliveries in town", "2790.00",
            "Replaces about forty taxi rides a month.", Status.APPROVED, "ines"),
    Example("amara", 72, "Espresso machine for the warehouse", "1649.00",
            "The old one leaks. The quote for a repair is 410 euros.", Status.REJECTED, "tom"),
    Example("tom", 101, "Fire extinguishers, first floor", "532.00",
            "The fire authority asked for two more after its visit.", Status.APPROVED, "ines"),
)  # fmt: skip


def add_demo_data(*, tenant: UUID, password: str) -> str:
    """Create the requests that are missing, with decisions by Ines and Tom."""
    firm = company(tenant=tenant, password=password)
    for example in EXAMPLES:
        _request(firm, example)
    return f"{len(EXAMPLES)} approval requests"


def _request(firm: Company, example: Example) -> None:
    asked = timezone.now() - timedelta(days=example.days, hours=3)
    decided = asked + timedelta(hours=2) if example.decided_by else None
    ApprovalRequest.objects.get_or_create(
        tenant_id=firm.tenant,
        title=example.title,
        defaults={
            "amount": Decimal(example.amount),
            "purpose": example.purpose,
            "status": example.status,
            "requested_by": firm.people[example.by],
            "requested_at": asked,
            "decided_by": firm.people[example.decided_by] if example.decided_by else None,
            "decided_at": decided,
        },
    )
