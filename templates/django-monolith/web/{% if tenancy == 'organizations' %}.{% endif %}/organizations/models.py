"""An organisation is a tenant; its key is the `tenant_id` of every row that belongs to it."""

import uuid
from typing import Self
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from web.accounts.models import User
from web.accounts.roles import MANAGER, MEMBER, choices


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Which organisations a person belongs to."""

    def for_user(self, user: User) -> Self:
        """Those a person is a member of, the one they joined first in front."""
        return self.filter(memberships__user=user).order_by("memberships__joined_at", "pk")

    def home_of(self, user: User) -> "Organization":
        """The first one; somebody who has none gets their own, so nobody is left without."""
        return self.for_user(user).first() or self._settle(user)

    @transaction.atomic
    def _settle(self, user: User) -> "Organization":
        User.objects.select_for_update().get(pk=user.pk)  # two first requests, one organisation
        if found := self.for_user(user).first():  # the other one was faster
            return found
        home = self.create(name=f"{user.get_full_name()}'s organisation"[:150])
        home.admit(user, role=MANAGER)
        return home


class Organization(models.Model):
    """A company or a team whose data nobody else sees."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        permissions = [("manage", "Can manage members and invitations")]

    def __str__(self) -> str:
        return self.name

    def has_member(self, email: str) -> bool:
        """Tell whether an address is a member's, and was proved."""
        proved = EmailAddress.objects.filter(email__iexact=email, verified=True)
        return self.memberships.filter(user__in=proved.values("user")).exists()

    def admit(self, user: User, *, role: str = MEMBER) -> "Membership":
        """Make a person a member; a member stays one, with the role they have."""
        return Membership.objects.get_or_create(
            organization=self, user=user, defaults={"role": role}
        )[0]


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Who belongs to an organisation."""

    def for_tenant(self, tenant: UUID) -> Self:
        """The members of one organisation, with their names."""
        people = self.filter(organization=tenant).select_related("user")
        return people.order_by("user__name", "user__email")


class Membership(models.Model):
    """One person in one organisation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=30, default=MEMBER, choices=choices)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint("organization", "user", name="membership_once"),)

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Who was asked to join."""

    def for_tenant(self, tenant: UUID) -> Self:
        """Those of one organisation, the newest first, with the names of who sent them."""
        return self.filter(organization=tenant).select_related("invited_by").order_by("-sent_at")

    def open(self) -> Self:
        """Those that may still be taken."""
        return self.filter(expires_at__gt=timezone.now())


class Invitation(models.Model):
    """An address that may join once; the row is deleted when that is done, or taken back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="invitations"
    )
    email = models.EmailField("e-mail address")
    role = models.CharField(max_length=30, default=MEMBER, choices=choices)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", editable=False
    )
    sent_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint("organization", Lower("email"), name="invitation_once"),
        )

    def __str__(self) -> str:
        return f"{self.email} to {self.organization}"

    @property
    def is_open(self) -> bool:
        """Whether it may still be taken."""
        return self.expires_at > timezone.now()
