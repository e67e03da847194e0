"""The pages where support staff start and end impersonation."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from chassis.django.people import impersonation, mfa


class StartForm(forms.Form):
    """The customer to impersonate, and the reason."""

    email = forms.EmailField(label="Customer's e-mail address", max_length=254)
    reason = forms.CharField(
        max_length=500,
        min_length=10,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept in the audit trail: name the ticket, and no personal data.",
    )

    def clean_email(self) -> str:
        """Refuse an unknown address, one of staff and one of a superuser in the same words."""
        email: str = self.cleaned_data["email"]
        if impersonation.find(email) is None:
            raise forms.ValidationError("There is no customer with this address.")
        return email


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Ask for a customer and a reason, and start impersonation."""
    if impersonation.support(request) or not impersonation.may(request.user):
        raise PermissionDenied
    if not mfa.was_verified_recently(request):
        return redirect(f"/accounts/reauthenticate/?next={request.path}")
    form = StartForm(request.POST or None)
    if not form.is_valid():
        return render(request, "support/impersonate.html", {"form": form})
    customer = impersonation.find(form.cleaned_data["email"])
    impersonation.start(request, customer, reason=form.cleaned_data["reason"])
    return redirect("/")


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End impersonation."""
    impersonation.end(request)
    return redirect("/")
