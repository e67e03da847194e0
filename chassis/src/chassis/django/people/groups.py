"""The groups that stand for the roles in the database.

`chassis.django.people.roles` is the authority.
"""

from collections.abc import Iterable

from django.apps import apps
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q
from django.utils.module_loading import import_string

from chassis.django.people.roles import Matrix


def sync(*, using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Give each role a group with exactly its permissions; returns what was not so before.

    Groups that are no role stay as they are. Raises ValueError for a permission that its app does
    not declare.
    """
    matrix = _matrix()
    _declare(matrix, using=using)
    with transaction.atomic(using=using):
        return [line for role in matrix for line in _sync_group(role, matrix[role], using=using)]


def differences(*, using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Say where groups and matrix differ, a line for each role; nothing is changed."""
    lines = []
    for role, names in _matrix().items():
        group = Group.objects.using(using).filter(name=role).first()
        wanted = {permission.pk for permission in _rows(names, using=using)}
        held = set(group.permissions.values_list("pk", flat=True)) if group else None
        if wanted != held:
            lines.append(f"the group {role!r} does not hold what its role says")
    return lines


def _matrix() -> Matrix:
    # a service that is older than roles has none
    path = getattr(settings, "ROLES", None)
    return import_string(path) if path else {}


def _sync_group(role: str, names: Iterable[str], *, using: str) -> list[str]:
    group, created = Group.objects.using(using).get_or_create(name=role)
    wanted = {permission.pk for permission in _rows(names, using=using)}
    held = set(group.permissions.values_list("pk", flat=True))
    if not created and wanted == held:
        return []
    group.permissions.set(wanted)
    return [f"{role}: {len(wanted - held)} permissions added, {len(held - wanted)} taken away"]


def _declare(matrix: Matrix, *, using: str) -> None:
    # the rows of permissions are made after each app's own migrations, perhaps later than now
    labels = {name.partition(":")[0] for names in matrix.values() for name in names}
    for config in apps.get_app_configs():
        if config.label in labels:
            create_permissions(config, verbosity=0, interactive=False, using=using)


def _rows(names: Iterable[str], *, using: str) -> list[Permission]:
    # an area that is no Django app belongs to another half, whose tokens carry the name as a scope
    labels = {config.label for config in apps.get_app_configs()}
    pairs = [name.split(":", 1) for name in sorted(names)]
    own = [(area, action) for area, action in pairs if area in labels]
    if not own:
        return []
    either = Q()
    for area, action in own:
        either |= Q(content_type__app_label=area, codename=action)
    rows = list(Permission.objects.using(using).filter(either).select_related("content_type"))
    declared = {(row.content_type.app_label, row.codename) for row in rows}
    if missing := [f"{area}:{action}" for area, action in own if (area, action) not in declared]:
        raise ValueError(
            f"No model declares {', '.join(missing)}: add it to `permissions` of a model's Meta "
            "and write a migration, or correct the name in permissions.py."
        )
    return rows
