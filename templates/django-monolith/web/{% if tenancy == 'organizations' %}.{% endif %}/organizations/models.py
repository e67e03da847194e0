"""Organizations, memberships and invitations.

An organization is a tenant: its key is the `tenant_id` of every row that belongs to it.
"""

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
    """Queries for the organizations of a person."""

    def for_user(self, user: User) -> Self:
        """Return the organizations of a person, in the order in which they joined."""
        return self.filter(memberships__user=user).order_by("memberships__joined_at", "pk")

    def home_of(self, user: User) -> "Organization":
        """Return the organization a person joined first; create one for a person who has none."""
        return self.for_user(user).first() or self._settle(user)

    @transaction.atomic
    def _settle(self, user: User) -> "Organization":
        # the lock makes two simultaneous first requests create one organization, not two
        User.objects.select_for_update().get(pk=user.pk)
        if organization := self.for_user(user).first():  # another request created it
            return organization
        home = self.create(name=f"{user.get_full_name()}'s organization"[:150])
        home.admit(user, role=MANAGER)
        return home


class Organization(models.Model):
    """A company or a team. Its data is visible only to its members."""

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
        """Return whether an address is a verified address of a member."""
        proved = EmailAddress.objects.filter(email__iexact=email, verified=True)
        return self.memberships.filter(user__in=proved.values("user")).exists()

    def admit(self, user: User, *, role: str = MEMBER) -> "Membership":
        """Add a person with a role, and return the membership. A member keeps their role."""
        return Membership.objects.get_or_create(
            organization=self, user=user, defaults={"role": role}
        )[0]


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Queries for members."""

    def for_tenant(self, tenant: UUID) -> Self:
        """Return the members of one organization, with their users, sorted by name."""
        people = self.filter(organization=tenant).select_related("user")
        return people.order_by("user__name", "user__email")


class Membership(models.Model):
    """One person in one organization."""

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
    """Queries for invitations."""

    def for_tenant(self, tenant: UUID) -> Self:
        """Return the invitations of one organization, newest first, with their senders."""
        return self.filter(organization=tenant).select_related("invited_by").order_by("-sent_at")

    def open(self) -> Self:
        """Return the invitations that have not expired."""
        return self.filter(expires_at__gt=timezone.now())


class Invitation(models.Model):
    """An address that may join once. The row is deleted on acceptance and on withdrawal."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="invitations"
    )
    email = models.EmailField("email address")
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
        """Return whether the invitation has not expired."""
        return self.expires_at > timezone.now()
