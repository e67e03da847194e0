"""The scheduled tasks."""

from datetime import timedelta

from chassis.django.jobs.tasks import periodic
from django.tasks import task
from django.utils import timezone

from web.organizations.models import Invitation

KEPT = timedelta(days=30)  # the sender sees that it expired, and can resend it


@periodic("7 3 * * *")
@task()
def forget_old_invitations() -> None:
    """Delete the invitations that expired more than 30 days ago, with their addresses."""
    Invitation.objects.filter(expires_at__lt=timezone.now() - KEPT).delete()
