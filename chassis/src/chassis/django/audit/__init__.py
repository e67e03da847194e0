"""The audit trail: what happened and who did it."""
