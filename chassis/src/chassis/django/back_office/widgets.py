"""Admin pages with the widgets of django-unfold (see `chassis.django.back_office.theme`)."""

from functools import cache
from typing import Any

from django.contrib.admin import ActionLocation, ModelAdmin, TabularInline
from django.http import HttpRequest
from unfold import admin as unfold
from unfold import forms as unfold_forms


def with_unfold(page: type[Any]) -> type[Any]:
    """Return the admin page with unfold's widgets and templates; unchanged if it has them."""
    if issubclass(page, unfold.ModelAdmin):
        return page
    # this is Django's UserAdmin; importing its module would register pages before a site exists
    own = _person_forms(page) if hasattr(page, "change_password_form") else {}
    return type(page.__name__, (_WithInlines, page, _UnfoldAdmin), own)


class _UnfoldAdmin(unfold.ModelAdmin):
    def get_action_choices(
        self,
        request: HttpRequest,
        default_choices: list[tuple[str, str]] | None = None,
        action_location: ActionLocation = ActionLocation.CHANGE_LIST,
    ) -> list[tuple[str, str]]:
        # unfold overrides this to name the empty choice, with a signature deprecated in Django 6.1
        first = default_choices or [("", "Select action")]
        return ModelAdmin.get_action_choices(self, request, first, action_location)


class _WithInlines(ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs alone
    """A page whose inlines have unfold's widgets."""

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[type[Any]]:
        return [_inline_with_unfold(inline) for inline in super().get_inlines(request, obj)]


class _Labelled:
    """Adds labels for screen readers to the fields of tabular inlines, which show none."""

    def formfield_for_dbfield(self, *args: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(*args, **kwargs)  # type: ignore[misc]
        if field is not None:
            field.widget.attrs.setdefault("aria-label", str(field.label))
        return field


@cache
def _inline_with_unfold(inline: type[Any]) -> type[Any]:
    if issubclass(inline, unfold.TabularInline | unfold.StackedInline):
        return inline
    if issubclass(inline, TabularInline):
        return type(inline.__name__, (_Labelled, inline, unfold.TabularInline), {})
    return type(inline.__name__, (inline, unfold.StackedInline), {})


def _person_forms(page: type[Any]) -> dict[str, Any]:
    # their password fields are declared with widgets of their own, which unfold does not replace
    replacements = {
        "form": unfold_forms.UserChangeForm,
        "add_form": unfold_forms.UserCreationForm,
        "change_password_form": unfold_forms.AdminPasswordChangeForm,
    }
    return {name: _merge(getattr(page, name), form) for name, form in replacements.items()}


def _merge(own: type[Any], replacements: type[Any]) -> type[Any]:
    if issubclass(replacements, own):
        return replacements
    return type(own.__name__, (own, replacements), {})
