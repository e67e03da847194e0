"""Options that several verbs have."""

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
