"""The permissions on an organization, and the roles that have them."""

MANAGE = "organizations:manage"

GRANTS = {"manager": {MANAGE}}
