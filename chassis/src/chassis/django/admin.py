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

# allauth's own pages show secrets and search for user names; ours take their place
import_module("allauth.mfa.admin")
import_module("allauth.usersessions.admin")
import_module("allauth.socialaccount.admin")
admin.site.unregister([Authenticator, UserSession])
# providers come from the environment and no token of theirs is kept
admin.site.unregister([SocialAccount, SocialApp, SocialToken])


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Find out who did what; nobody adds, changes or deletes an event."""

    list_display = ("recorded_at", "action", "who", "impersonator", "subject_type", "subject")
    list_filter = ("action", "subject_type", "recorded_at")
    search_fields = ("=actor", "=impersonator", "=subject", "=request_id", "action")
    search_help_text = "A person's address, a key, a request id or part of an action."
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="actor")
    def who(self, event: AuditEvent) -> str | None:
        """Name the actor while there is an account of that key, else give the key."""
        name: str | None = getattr(event, "actor_name", None) or event.actor
        return name

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """Add the actors' names, which the table does not hold."""
        user: Any = get_user_model()
        key = Cast(OuterRef("actor"), type(user._meta.pk)())
        names = user._default_manager.filter(pk=key).values(user.USERNAME_FIELD)[:1]
        return super().get_queryset(request).annotate(actor_name=Subquery(names))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        """Find by a person's address too: the table knows their key alone."""
        found, duplicates = super().get_search_results(request, queryset, search_term)
        user: Any = get_user_model()
        named = {f"{user.USERNAME_FIELD}__iexact": search_term}
        keys = [
            str(key) for key in user._default_manager.filter(**named).values_list("pk", flat=True)
        ]
        if keys:
            found |= queryset.filter(Q(actor__in=keys) | Q(subject__in=keys))
        return found, duplicates


class RevocableAdmin(ReadOnlyAdmin):
    """Rows that nobody adds or edits here, and some may take away."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever holds Django's permission for it."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(Authenticator)
class AuthenticatorAdmin(RevocableAdmin):
    """Take a lost second factor from somebody, who then enrols again; secrets are not shown."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type", "created_at", "last_used_at")
    exclude = ("data",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Search by the person's address."""
        return (f"user__{get_user_model().USERNAME_FIELD}",)


@admin.register(UserSession)
class UserSessionAdmin(RevocableAdmin):
    """See who is signed in where, and sign them out."""

    list_display = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    exclude = ("data",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Search by the person's address, or that of their computer."""
        return (f"user__{get_user_model().USERNAME_FIELD}", "ip")

    def delete_model(self, request: HttpRequest, obj: UserSession) -> None:
        """End the session itself too, not the entry alone."""
        record("session.revoked", subject=obj.user)
        obj.end()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[UserSession]) -> None:
        """End several."""
        for session in queryset:
            self.delete_model(request, session)


@admin.register(SocialAccount)
class SocialAccountAdmin(RevocableAdmin):
    """See who comes in from the identity provider, and cut that tie."""

    list_display = ("user", "provider", "uid", "last_login", "date_joined")
    exclude = ("extra_data",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Search by the person's address, or the provider's name for them."""
        return (f"user__{get_user_model().USERNAME_FIELD}", "=uid")
