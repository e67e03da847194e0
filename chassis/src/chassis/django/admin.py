"""The back office's pages about the platform: the audit trail, second factors, sessions."""

from importlib import import_module
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast
from django.http import HttpRequest

from chassis.django.audit.trail import record
from chassis.django.back_office.read_only import ReadOnlyAdmin
from chassis.django.models import AuditEvent

# allauth's own pages show secrets and search by user name; the pages below replace them
import_module("allauth.mfa.admin")
import_module("allauth.usersessions.admin")
import_module("allauth.socialaccount.admin")
admin.site.unregister([Authenticator, UserSession])
# providers are configured in the environment, and their tokens are not stored
admin.site.unregister([SocialAccount, SocialApp, SocialToken])


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """The audit trail, read-only."""

    list_display = ("recorded_at", "action", "who", "impersonator", "subject_type", "subject")
    list_filter = ("action", "subject_type", "recorded_at")
    search_fields = ("=actor", "=impersonator", "=subject", "=request_id", "action")
    search_help_text = "A person's address, a key, a request id or part of an action."
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="actor")
    def who(self, event: AuditEvent) -> str | None:
        """Return the actor's name, or the key if the account no longer exists."""
        name: str | None = getattr(event, "actor_name", None) or event.actor
        return name

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """Return the events with the names of their actors, which the table does not hold."""
        user: Any = get_user_model()
        key = Cast(OuterRef("actor"), type(user._meta.pk)())
        names = user._default_manager.filter(pk=key).values(user.USERNAME_FIELD)[:1]
        return super().get_queryset(request).annotate(actor_name=Subquery(names))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        """Search by a person's address too; the table holds only their key."""
        events, duplicates = super().get_search_results(request, queryset, search_term)
        user: Any = get_user_model()
        named = {f"{user.USERNAME_FIELD}__iexact": search_term}
        keys = [
            str(key) for key in user._default_manager.filter(**named).values_list("pk", flat=True)
        ]
        if keys:
            events |= queryset.filter(Q(actor__in=keys) | Q(subject__in=keys))
        return events, duplicates


class RevocableAdmin(ReadOnlyAdmin):
    """Rows that are read-only, but can be deleted with the permission for it."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the person has Django's permission to delete."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(Authenticator)
class AuthenticatorAdmin(RevocableAdmin):
    """Second factors: delete a lost one, and the person enrolls again. Secrets are not shown."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type", "created_at", "last_used_at")
    exclude = ("data",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Search by the person's address."""
        return (f"user__{get_user_model().USERNAME_FIELD}",)


@admin.register(UserSession)
class UserSessionAdmin(RevocableAdmin):
    """The sessions of all people; deleting one signs the person out."""

    list_display = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    exclude = ("data",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Search by the person's email address or by IP address."""
        return (f"user__{get_user_model().USERNAME_FIELD}", "ip")

    def delete_model(self, request: HttpRequest, obj: UserSession) -> None:
        """Delete the entry and end the session."""
        record("session.revoked", subject=obj.user)
        obj.end()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[UserSession]) -> None:
        """Delete the entries and end their sessions."""
        for session in queryset:
            self.delete_model(request, session)


@admin.register(SocialAccount)
class SocialAccountAdmin(RevocableAdmin):
    """The accounts linked to the identity provider; deleting a row removes the link."""

    list_display = ("user", "provider", "uid", "last_login", "date_joined")
    exclude = ("extra_data",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Search by the person's address or by their ID at the provider."""
        return (f"user__{get_user_model().USERNAME_FIELD}", "=uid")
