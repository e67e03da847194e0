"""Changes of a model's rows, recorded wherever in Django they are made, the back office included.

What goes past the signals of models (`QuerySet.update`, `bulk_create`, plain SQL) is not seen.
"""

from typing import Any

from django.db.models import Model
from django.db.models.signals import post_delete, post_save, pre_save

from chassis.django.audit.trail import record

_BEFORE = "_audit_row_before"
_watched: dict[type[Model], tuple[tuple[str, ...], str | None]] = {}


def watch(model: type[Model], *fields: str, about: str | None = None) -> None:
    """Record each row of `model` that is added, changed or removed, with `fields` before and after:
    `membership.changed`.

    Call it in the `ready` of an app. `about` names the relation to what the event is about, which
    without it is the row itself; `fields` hold no personal data, because events stay.
    """
    _watched[model] = (fields, about)
    pre_save.connect(_remember, sender=model)
    post_save.connect(_saved, sender=model)
    post_delete.connect(_removed, sender=model)


def _remember(*, sender: type[Model], instance: Model, **_: Any) -> None:
    fields, _about = _watched[sender]
    stored = sender._base_manager.filter(pk=instance.pk).values(*fields).first()
    setattr(instance, _BEFORE, stored)


def _saved(*, instance: Model, created: bool, **_: Any) -> None:
    before, after = instance.__dict__.pop(_BEFORE, None), _values(instance)
    if created:
        _record("added", instance, after=after)
        return
    changed = [name for name in after if before and before[name] != after[name]]
    if changed:
        _record(
            "changed",
            instance,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )


def _removed(*, instance: Model, **_: Any) -> None:
    _record("removed", instance, before=_values(instance))


def _record(
    what: str,
    instance: Model,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    _, about = _watched[type(instance)]
    record(
        f"{instance._meta.model_name}.{what}",
        subject=getattr(instance, about) if about else instance,
        before=before,
        after=after,
    )


def _values(instance: Model) -> dict[str, Any]:
    fields, _ = _watched[type(instance)]
    return {name: getattr(instance, name) for name in fields}
