"""What may be done with requests for spending, and up to which amount each role decides."""

from decimal import Decimal

READ = "approvals:read"
CREATE = "approvals:create"
DECIDE = "approvals:decide"
EXPORT = "approvals:export"
BACK_OFFICE = "approvals:view_approvalrequest"  # Django's own name, which its admin asks for

GRANTS = {
    "member": {READ, CREATE},
    "reviewer": {READ, CREATE, DECIDE, EXPORT, BACK_OFFICE},
    "manager": {READ, CREATE, DECIDE, EXPORT, BACK_OFFICE},
}

# in euros; somebody with several roles has the highest of their limits
LIMITS = {"reviewer": Decimal(5000), "manager": Decimal("Infinity")}
