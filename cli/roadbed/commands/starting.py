"""The verbs before there is a service: decide, make one, look at one."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from roadbed.commands.options import Data, Ref, Source


def advise(
    *,
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Answers so far [default: ./roadbed-advice.toml]"),
    ] = None,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Ask nothing: assume what was not answered")
    ] = False,
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="text, markdown or json")
    ] = "text",
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what every answer contributes")
    ] = False,
    rubric: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A rubric of your own")
    ] = None,
) -> None:
    """Ask twelve questions and recommend a plan: why, with which risks, what would change it.

    Each answer is kept at once, and `roadbed new PATH --advice FILE` makes the service.
    """
    from roadbed import advising  # noqa: PLC0415

    raise typer.Exit(advising.run(answers, rubric, defaults=defaults, form=form, explain=explain))


def new(  # noqa: PLR0913 (each is an option of the command line)
    plan: Annotated[str, typer.Argument(help="django-monolith, fastapi-service or hybrid")] = "",
    path: Annotated[Path | None, typer.Argument(help="A new or an empty folder")] = None,
    *,
    advice: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Take plan and choices from `roadbed advise`"),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The service's name [default: the folder's]")
    ] = None,
    data: Data = None,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Ask nothing: take the default answers")
    ] = False,
    no_install: Annotated[
        bool, typer.Option("--no-install", help="Render and commit; install nothing")
    ] = False,
    source: Source = None,
    ref: Ref = None,
) -> None:
    """Make a service from a plan: rendered, installed, committed and ready to start.

    With --advice only the folder is named, and the first decision record is written.
    """
    from roadbed.creation import new as making  # noqa: PLC0415
    from roadbed.template import source as sources  # noqa: PLC0415

    answers = making.parse_answers(data or [])
    if name is not None:
        answers["project_name"] = name
    order = making.ordered(plan, path, answers, advice)
    order = replace(order, defaults=defaults, install=not no_install)
    found = sources.resolve(source, ref)
    sources.refuse_dirty(found, ref)
    making.report(making.create(order, found), order.plan)


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
    from roadbed.demo import demo as showing  # noqa: PLC0415
    from roadbed.template import source as sources  # noqa: PLC0415

    showing.demo(showing.Wish(plan, once, keep), sources.resolve(source, "HEAD"))
