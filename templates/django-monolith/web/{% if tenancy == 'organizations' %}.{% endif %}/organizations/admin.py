"""Organisations in the back office."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from web.organizations.models import Membership, Organization


class MembershipInline(admin.TabularInline):
    """The members, on the organisation's own page."""

    model = Membership
    autocomplete_fields = ("user",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Fetch whom each row names."""
        return super().get_queryset(request).select_related("user", "organization")


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    """Rename an organisation; admit and remove people, and give them roles."""

    is_sensitive = True  # roles are given here
    list_display = ("name", "created_at")
    search_fields = ("name",)
    inlines = (MembershipInline,)
