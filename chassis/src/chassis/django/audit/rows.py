"""Audit events for changes of a model's rows, wherever Django makes them, also in the back office.

Changes without model signals (`QuerySet.update`, `bulk_create`, plain SQL) are not recorded.
"""

from typing import Any

from django.db.models import Model
from django.db.models.signals import post_delete, post_save, pre_save

from chassis.django.audit.trail import record

_BEFORE = "_audit_row_before"
_watched: dict[type[Model], tuple[tuple[str, ...], str | None]] = {}


def watch(model: type[Model], *fields: str, about: str | None = None) -> None:
    """Record each added, changed or removed row of `model`, as in `membership.changed`.

    Call it in `ready` of an app. Events hold the values of `fields` before and after; name no
    fields with personal data, because events are never deleted. `about` names the relation to the
    subject of the events; by default the subject is the row itself.
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
