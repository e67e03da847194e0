"""Read-only pages for the back office, and actions that ask for confirmation."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import FileField, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from chassis.problems import ProblemError


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs alone
    """A page that cannot add, edit or delete rows; its actions may still change them."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Return every field except the primary key and uploads, which have no URL."""
        return [
            field.name
            for field in self.opts.fields
            if not (field.primary_key or isinstance(field, FileField))
            and field.name not in (self.exclude or ())
        ]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the same fields."""
        return self.get_readonly_fields(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False, also for a superuser."""
        return False

    def confirm_each(
        self,
        request: HttpRequest,
        chosen: QuerySet[Any],
        act: Callable[[Any], object],
        *,
        title: str,
    ) -> HttpResponse | None:
        """Return a page that lists the rows and asks "`title`?"; after that call `act` on each row.

        Call it in an action and return its result. If `act` raises a ProblemError for a row, a
        message shows the row and the reason, and the other rows continue.
        """
        if "confirmed" not in request.POST:
            context = self.admin_site.each_context(request) | {
                "title": f"{title}?",
                "verb": title,
                "opts": self.opts,
                "action": request.POST["action"],
                "chosen": chosen,
            }
            return TemplateResponse(request, "admin/confirm_action.html", context)
        for row in chosen:
            try:
                act(row)
            except ProblemError as refusal:
                messages.warning(request, f"{row}: {refusal}")
            else:
                self.log_change(request, row, title)
                messages.success(request, f"{row}: done.")
        return None
