"""Plain admin pages in the clothes of django-unfold (see `chassis.django.back_office.theme`)."""

from functools import cache
from typing import Any

from django.contrib.admin import ActionLocation, ModelAdmin, TabularInline
from django.http import HttpRequest
from unfold import admin as unfold
from unfold import forms as unfold_forms


def dress(page: type[Any]) -> type[Any]:
    """Give the same admin page with unfold's widgets and templates; one that has them stays."""
    if issubclass(page, unfold.ModelAdmin):
        return page
    # Django's UserAdmin, whose module registers pages and cannot be imported before there is a site
    own = _person_forms(page) if hasattr(page, "change_password_form") else {}
    return type(page.__name__, (_WithInlines, page, _Framed), own)


class _Framed(unfold.ModelAdmin):
    def get_action_choices(
        self,
        request: HttpRequest,
        default_choices: list[tuple[str, str]] | None = None,
        action_location: ActionLocation = ActionLocation.CHANGE_LIST,
    ) -> list[tuple[str, str]]:
        # unfold's has the signature that Django 6.1 warns about, for the sake of this first line
        first = default_choices or [("", "Select action")]
        return ModelAdmin.get_action_choices(self, request, first, action_location)


class _WithInlines(ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs alone
    """Dresses what the page shows of other models."""

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[type[Any]]:
        return [_dress_inline(inline) for inline in super().get_inlines(request, obj)]


class _Labelled:
    """A row of a table has no labels: its fields are named for those who hear the page."""

    def formfield_for_dbfield(self, *args: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(*args, **kwargs)  # type: ignore[misc]
        if field is not None:
            field.widget.attrs.setdefault("aria-label", str(field.label))
        return field


@cache
def _dress_inline(inline: type[Any]) -> type[Any]:
    if issubclass(inline, unfold.TabularInline | unfold.StackedInline):
        return inline
    if issubclass(inline, TabularInline):
        return type(inline.__name__, (_Labelled, inline, unfold.TabularInline), {})
    return type(inline.__name__, (inline, unfold.StackedInline), {})


def _person_forms(page: type[Any]) -> dict[str, Any]:
    # their fields for passwords are written out, so no widget of unfold's would reach them
    dressed = {
        "form": unfold_forms.UserChangeForm,
        "add_form": unfold_forms.UserCreationForm,
        "change_password_form": unfold_forms.AdminPasswordChangeForm,
    }
    return {name: _merge(getattr(page, name), form) for name, form in dressed.items()}


def _merge(own: type[Any], dressed: type[Any]) -> type[Any]:
    if issubclass(dressed, own):
        return dressed
    return type(own.__name__, (own, dressed), {})
