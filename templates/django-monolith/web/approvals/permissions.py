"""The permissions on requests, the roles that have them, and each role's limit for decisions."""

from decimal import Decimal

READ = "approvals:read"
CREATE = "approvals:create"
DECIDE = "approvals:decide"
EXPORT = "approvals:export"
BACK_OFFICE = "approvals:view_approvalrequest"  # Django's own name; its admin checks it

GRANTS = {
    "member": {READ, CREATE},
    "reviewer": {READ, CREATE, DECIDE, EXPORT, BACK_OFFICE},
    "manager": {READ, CREATE, DECIDE, EXPORT, BACK_OFFICE},
}

# in euros; a person with several roles has the highest of their limits
LIMITS = {"reviewer": Decimal(5000), "manager": Decimal("Infinity")}
