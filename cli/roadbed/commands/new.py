"""`roadbed new`: make a service from a plan."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from roadbed import terminal
from roadbed.commands.options import Data, Ref, Source, parse_answers
from roadbed.creation.new import Made, Order, create
from roadbed.errors import UsageError
from roadbed.template import source as sources
from roadbed.toolchain import uv


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
    answers = parse_answers(data)
    if name is not None:
        answers["project_name"] = name
    order = _request(plan, path, answers, advice)
    order = replace(order, defaults=defaults, install=not no_install)
    template = sources.resolve(source, ref)
    sources.refuse_dirty(template, ref)
    _report(create(order, template), order.plan)


def _request(
    first: str, second: Path | None, answers: Mapping[str, str], advice: Path | None
) -> Order:
    """Return what was typed: plan and folder, or the folder alone where advice names the plan."""
    if advice is None:
        if second is None:
            raise UsageError("Name a plan and a new folder, or a folder and --advice FILE.")
        return Order(first, second, answers)
    from roadbed.advice.sheet import advised  # noqa: PLC0415 (a rubric is read for advice alone)

    recommendation = advised(advice)
    plan = recommendation.plan
    if second is not None or not first:
        raise UsageError(f"{advice} says {plan}: name only the new folder beside --advice.")
    choices = {question: choice.value for question, choice in recommendation.choices.items()}
    return Order(plan, Path(first), {**choices, **answers}, advice=recommendation)


def _report(made: Made, plan: str) -> None:
    """Say what was made and what to type next."""
    terminal.say()
    terminal.heading(f"{made.path.name}, a service of plan {plan}, is in {made.path}")
    if made.inside:
        terminal.say(
            f"It lies inside the repository {made.inside}: nothing was committed there, and the\n"
            "workflows in its .github are inert until they are moved to that repository's root."
        )
    if made.record:
        terminal.say(f"The decision is in {made.record}: read it, and make it yours.")
    terminal.say("Next:")
    go = f"cd {shlex.quote(str(made.path))}"
    for command in (go, *uv.reaching(), *map(str, made.left), "uv run just up"):
        terminal.say(f"  {command}")
