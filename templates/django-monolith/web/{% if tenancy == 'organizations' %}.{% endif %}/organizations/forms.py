"""What people type to manage an organisation."""

from typing import Any
from uuid import UUID

from chassis.django.people.roles import may_grant
from django import forms

from web.accounts.models import User
from web.accounts.roles import MEMBER, choices


class RoleForm(forms.Form):
    """A role, of those that the person who gives it may give."""

    def __init__(self, *args: Any, by: User, tenant: UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        able = [(role, label) for role, label in choices() if may_grant(by, role, tenant=tenant)]
        self.fields["role"] = forms.ChoiceField(choices=able, initial=MEMBER)


class InvitationForm(RoleForm):
    """Whom to invite."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="The link in the mail works for this address alone, and for seven days.",
    )
