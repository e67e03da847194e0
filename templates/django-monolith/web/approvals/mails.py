"""Mails about requests, kept in the transaction that they tell of and sent by a job."""

from django.core.mail import EmailMessage, mailers
from django.template.loader import render_to_string

from web.accounts.models import User
from web.approvals.models import ApprovalRequest
from web.approvals.permissions import LIMITS
from web.tenancy import people_with


def ask_reviewers(approval: ApprovalRequest) -> None:
    """Tell everybody who may decide on a request that it waits for them; each gets their own."""
    able = [role for role, limit in LIMITS.items() if approval.amount <= limit]
    people = {person for role in able for person in people_with(role, approval.tenant_id)}
    _send("waiting", approval, people - {approval.requested_by})


def tell_decision(approval: ApprovalRequest) -> None:
    """Tell whoever asked what became of it."""
    _send("decided", approval, {approval.requested_by})


def _send(kind: str, approval: ApprovalRequest, people: set[User]) -> None:
    # a title has one line, as a subject has to
    subject = f"{approval.get_status_display()}: {' '.join(approval.title.split())}"
    texts = (
        (person, render_to_string(f"approvals/mails/{kind}.txt", {"to": person, "it": approval}))
        for person in people
    )
    mailers.default.send_messages(
        [EmailMessage(subject, text, to=[person.email]) for person, text in texts]
    )
