"""The chores of whoever operates a service: ``python -m chassis jobs``, ``backup``, ``restore`` and
``subject``. They work in development and in production alike."""

from chassis.operations.errors import OperationError
from chassis.operations.verbs import VERBS, declare, run

__all__ = ["VERBS", "OperationError", "declare", "run"]
