"""What the scheduler has workers do."""

from datetime import timedelta

from chassis.django.jobs.tasks import periodic
from django.tasks import task
from django.utils import timezone

from web.organizations.models import Invitation

KEPT = timedelta(days=30)  # so that whoever invited sees that nobody came, and may send it again


@periodic("7 3 * * *")
@task()
def forget_old_invitations() -> None:
    """Delete the invitations that expired a month ago, and the addresses with them."""
    Invitation.objects.filter(expires_at__lt=timezone.now() - KEPT).delete()
