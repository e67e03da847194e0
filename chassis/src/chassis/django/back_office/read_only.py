"""Pieces for the back office: pages that only show, and actions that ask before they act."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import FileField, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from chassis.problems import ProblemError


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs alone
    """Rows that nobody adds, edits or deletes here; actions may still change them."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show what there is but the key; files neither, as no address leads to them."""
        return [
            field.name
            for field in self.opts.fields
            if not (field.primary_key or isinstance(field, FileField))
            and field.name not in (self.exclude or ())
        ]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The same."""
        return self.get_readonly_fields(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes one, an administrator neither."""
        return False

    def confirm_each(
        self,
        request: HttpRequest,
        chosen: QuerySet[Any],
        act: Callable[[Any], object],
        *,
        title: str,
    ) -> HttpResponse | None:
        """Ask "`title`?" with the rows listed; once confirmed, `act` on one after the other.

        Call it in an action and give back what it gives. A row that `act` refuses with a problem is
        named with the reason, and the others go on.
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
