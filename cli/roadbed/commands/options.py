"""Options that several verbs have."""

from pathlib import Path
from typing import Annotated

import typer

Source = Annotated[
    str | None,
    typer.Option(
        metavar="URL|PATH", help="The template repository [default: the checkout roadbed runs from]"
    ),
]
Ref = Annotated[
    str | None,
    typer.Option(metavar="TAG|COMMIT", help="Its version [default: the newest release]"),
]
Data = Annotated[
    list[str] | None,
    typer.Option("-d", "--data", metavar="KEY=VALUE", help="Answer a question (repeatable)"),
]
Service = Annotated[Path, typer.Argument(help="The folder of a generated service")]
PlanOnly = Annotated[bool, typer.Option("--plan", help="Say what would happen; write nothing")]
NoLock = Annotated[bool, typer.Option("--no-lock", help="Leave uv.lock as it is")]
AsJson = Annotated[bool, typer.Option("--json", help="Report for machines")]
