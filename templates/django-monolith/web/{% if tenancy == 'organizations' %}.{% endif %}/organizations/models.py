"""An organisation is a tenant; its key is the `tenant_id` of every row that belongs to it."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models, transaction

from web.accounts.models import User
from web.accounts.roles import MANAGER, MEMBER, choices


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Which organisations a person belongs to."""

    def of(self, user: User) -> Self:
        """Those a person is a member of, the one they joined first in front."""
        return self.filter(memberships__user=user).order_by("memberships__joined_at", "pk")

    def home_of(self, user: User) -> "Organization":
        """The first one; somebody who has none gets their own, so nobody is left without."""
        return self.of(user).first() or self._settle(user)

    @transaction.atomic
    def _settle(self, user: User) -> "Organization":
        User.objects.select_for_update().get(pk=user.pk)  # two first requests, one organisation
        if found := self.of(user).first():  # the other one was faster
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

    def admit(self, user: User, *, role: str = MEMBER) -> "Membership":
        """Make a person a member; a member stays one, with the role they have."""
        return Membership.objects.get_or_create(
            organization=self, user=user, defaults={"role": role}
        )[0]


class Membership(models.Model):
    """One person in one organisation."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=30, default=MEMBER, choices=choices)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint("organization", "user", name="membership_once"),)

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"
