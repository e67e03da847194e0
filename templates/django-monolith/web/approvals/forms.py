"""The form for a new request."""

from django import forms

from web.approvals.models import ApprovalRequest


class ApprovalRequestForm(forms.ModelForm):
    """What somebody types to ask for money."""

    class Meta:
        model = ApprovalRequest
        fields = ("title", "amount", "purpose")
        help_texts = {
            "title": "What should be bought, in a few words.",
            "purpose": "Why it is needed, and what happens without it.",
        }
        widgets = {"purpose": forms.Textarea(attrs={"rows": 5})}
