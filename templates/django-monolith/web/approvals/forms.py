"""What people type: a new request, a decision, and what to leave out of a report."""

from typing import Any

from chassis.django.files.uploads import ACCEPT
from django import forms

from web.approvals.models import ApprovalRequest


class ApprovalRequestForm(forms.ModelForm):
    """What somebody types to ask for money."""

    class Meta:
        model = ApprovalRequest
        fields = ("title", "amount", "purpose", "attachment")
        help_texts = {
            "title": "What should be bought, in a few words.",
            "purpose": "Why it is needed, and what happens without it.",
            "attachment": "A quote or a picture: PDF, PNG or JPEG, at most 5 MB.",
        }
        widgets = {
            "purpose": forms.Textarea(attrs={"rows": 5}),
            "attachment": forms.FileInput(attrs={"accept": ACCEPT}),
        }


class DecisionForm(forms.Form):
    """The words that go with a decision."""

    comment = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Goes to whoever asked, and stays with the request.",
    )


class FilterForm(forms.Form):
    """Which requests to show; what cannot be read leaves out nothing."""

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
        """Give what was understood, as arguments of `matching`."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
