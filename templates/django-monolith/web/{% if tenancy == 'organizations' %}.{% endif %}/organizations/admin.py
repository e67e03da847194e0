"""Organizations in the back office."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from web.organizations.models import Membership, Organization


class MembershipInline(admin.TabularInline):
    """The members, on the page of their organization."""

    model = Membership
    autocomplete_fields = ("user",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Return the memberships, with the people and organizations they name."""
        return super().get_queryset(request).select_related("user", "organization")


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    """Rename an organization, add and remove members, and change their roles."""

    is_sensitive = True  # this page changes roles
    list_display = ("name", "created_at")
    search_fields = ("name",)
    inlines = (MembershipInline,)
