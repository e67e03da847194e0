"""The forms to manage an organization."""

from typing import Any
from uuid import UUID

from chassis.django.people.roles import may_grant
from django import forms

from web.accounts.models import User
from web.accounts.roles import MEMBER, choices


class RoleForm(forms.Form):
    """A choice of the roles that the person `by` may give to others."""

    def __init__(self, *args: Any, by: User, tenant: UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        able = [(role, label) for role, label in choices() if may_grant(by, role, tenant=tenant)]
        self.fields["role"] = forms.ChoiceField(choices=able, initial=MEMBER)


class InvitationForm(RoleForm):
    """An invitation: an email address and a role."""

    email = forms.EmailField(
        label="Email address",
        max_length=254,
        help_text="The link in the email works only for this address, and for seven days.",
    )
