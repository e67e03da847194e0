"""The emails about invitations."""

from django.core.mail import EmailMessage, mailers
from django.template.loader import render_to_string

from web.organizations.models import Invitation


def invite(invitation: Invitation, link: str) -> None:
    """Send an invitation with its link."""
    # names may contain line breaks, which an email header must not
    by, organization = (
        " ".join(str(name).split()) for name in (invitation.invited_by, invitation.organization)
    )
    text = render_to_string(
        "organizations/mails/invitation.txt",
        {"by": by, "organization": organization, "it": invitation, "link": link},
    )
    subject = f"{by} invites you to {organization}"
    mailers.default.send_messages([EmailMessage(subject, text, to=[invitation.email])])
