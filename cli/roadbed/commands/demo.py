"""`roadbed demo`: make a throw-away service, run it and use it."""

from pathlib import Path
from typing import Annotated

import typer

from roadbed.commands.options import Source
from roadbed.demo.demo import DemoRequest, run_demo
from roadbed.template.source import resolve_source


def demo(
    plan: Annotated[str, typer.Argument(help="The plan to show")] = "django-monolith",
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop after the requests")] = False,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Make the service there and leave it")
    ] = None,
    source: Source = None,
) -> None:
    """Make a throw-away service from the templates as they lie, run it and use it."""
    run_demo(DemoRequest(plan, once, keep), resolve_source(source, "HEAD"))
