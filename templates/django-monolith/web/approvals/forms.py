"""The forms: a new request, a decision, and the filters of lists and reports."""

from typing import Any

from chassis.django.files.uploads import ACCEPT
from django import forms

from web.approvals.models import ApprovalRequest


class ApprovalRequestForm(forms.ModelForm):
    """A new request for money."""

    class Meta:
        model = ApprovalRequest
        fields = ("title", "amount", "purpose", "attachment")
        help_texts = {
            "title": "Say in a few words what you want to buy.",
            "purpose": "Say why it is needed, and what happens without it.",
            "attachment": "A quote or a picture: PDF, PNG or JPEG, at most 5 MB.",
        }
        widgets = {
            "purpose": forms.Textarea(attrs={"rows": 5}),
            "attachment": forms.FileInput(attrs={"accept": ACCEPT}),
        }


class DecisionForm(forms.Form):
    """The comment on a decision."""

    comment = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The requester receives it, and it stays with the request.",
    )


class FilterForm(forms.Form):
    """The requests to show. A filter with an invalid value is ignored."""

    text = forms.CharField(label="Search", max_length=100, required=False)
    status = forms.ChoiceField(
        choices=[("", "Any"), *ApprovalRequest.Status.choices], required=False
    )
    since = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label="To", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def chosen(self) -> dict[str, Any]:
        """Return the valid filters as arguments of `matching`."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
