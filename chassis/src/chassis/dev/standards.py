"""`python -m chassis standards`: the rules that the conformance tests check, and their remedies."""

import argparse
import sys

from chassis import processes
from chassis.conformance import catalogue
from chassis.service import Service


def run(service: Service, options: argparse.Namespace) -> None:
    """Print the rules of each half. Raises CommandFailedError."""
    del options
    if "web" in service.halves:
        processes.run(service, *processes.tool("web", "standards"))
    if "api" in service.halves:
        # only here: a service without an API lacks the framework
        from chassis.fastapi.conformance.suite import RULES  # noqa: PLC0415

        sys.stdout.write(f"{catalogue.page('api', RULES)}\n")
