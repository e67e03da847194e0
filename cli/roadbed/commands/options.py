"""Options that several verbs have."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from roadbed.errors import UsageError

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
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing")]
NoLock = Annotated[bool, typer.Option("--no-lock", help="Leave uv.lock as it is")]
AsJson = Annotated[bool, typer.Option("--json", help="Report for machines")]


def parse_data(pairs: Sequence[str] | None) -> dict[str, str]:
    """Return the `key=value` pairs of `--data` as a mapping.

    Raises UsageError for a pair without a key or an equals sign.
    """
    answers: dict[str, str] = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"-d {pair!r} is not an answer: write it as -d key=value.")
        answers[key.strip()] = value
    return answers
