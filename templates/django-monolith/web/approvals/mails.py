"""Emails about requests. They are stored in the transaction of the change; a job sends them."""

from django.core.mail import EmailMessage, mailers
from django.template.loader import render_to_string

from web.accounts.models import User
from web.approvals.models import ApprovalRequest
from web.approvals.permissions import LIMITS
from web.tenancy import people_with


def ask_reviewers(approval: ApprovalRequest) -> None:
    """Email each person who may decide on a request. Each gets a separate email."""
    able = [role for role, limit in LIMITS.items() if approval.amount <= limit]
    people = {person for role in able for person in people_with(role, approval.tenant_id)}
    _send("waiting", approval, people - {approval.requested_by})


def tell_decision(approval: ApprovalRequest) -> None:
    """Email the decision to the requester."""
    _send("decided", approval, {approval.requested_by})


def _send(kind: str, approval: ApprovalRequest, people: set[User]) -> None:
    # a subject must be a single line
    subject = f"{approval.get_status_display()}: {' '.join(approval.title.split())}"
    texts = (
        (person, render_to_string(f"approvals/mails/{kind}.txt", {"to": person, "it": approval}))
        for person in people
    )
    mailers.default.send_messages(
        [EmailMessage(subject, text, to=[person.email]) for person, text in texts]
    )
