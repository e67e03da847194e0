"""What may be done with an organisation by its members."""

MANAGE = "organizations:manage"

GRANTS = {"manager": {MANAGE}}
