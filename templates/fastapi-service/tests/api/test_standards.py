"""The platform's behavioral standards, one test each: `just test -k AUTH002` runs one of them.

The rules live in the chassis and move with it. A failure says where, and what to do.
"""

from chassis.fastapi.conformance.suite import report, system_under_test, test_standard

__all__ = ["report", "system_under_test", "test_standard"]
