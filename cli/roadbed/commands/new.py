"""`roadbed new`: make a service from a plan."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from roadbed import terminal
from roadbed.commands.options import Data, Ref, Source, parse_data
from roadbed.creation.new import NewService, NewServiceRequest, create_service
from roadbed.errors import UsageError
from roadbed.template.source import refuse_dirty, resolve_source
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

    With --advice give only the folder; the first decision record is written as well.
    """
    answers = parse_data(data)
    if name is not None:
        answers["project_name"] = name
    request = _request(plan, path, answers, advice)
    request = replace(request, defaults=defaults, install=not no_install)
    template = resolve_source(source, ref)
    refuse_dirty(template, ref)
    _report(create_service(request, template), request.plan)


def _request(
    first: str, second: Path | None, answers: Mapping[str, str], advice: Path | None
) -> NewServiceRequest:
    """Return the request for plan and folder; with `advice` only the folder is typed."""
    if advice is None:
        if second is None:
            raise UsageError("Name a plan and a new folder, or a folder and --advice FILE.")
        return NewServiceRequest(first, second, answers)
    from roadbed.advice.sheet import advised  # noqa: PLC0415 (a rubric is read for advice alone)

    recommendation = advised(advice)
    plan = recommendation.plan
    if second is not None or not first:
        raise UsageError(f"{advice} says {plan}: with --advice name only the new folder.")
    choices = {question: choice.value for question, choice in recommendation.choices.items()}
    return NewServiceRequest(plan, Path(first), {**choices, **answers}, advice=recommendation)


def _report(service: NewService, plan: str) -> None:
    """Print the created folder and the commands to type next."""
    terminal.say()
    terminal.heading(f"{service.path.name}, a service of plan {plan}, is in {service.path}")
    if service.inside:
        terminal.say(
            f"It is inside the repository {service.inside}: nothing was committed "
            "there, and the\n"
            "workflows in its .github do not run until you move them to that repository's root."
        )
    if service.record:
        terminal.say(f"The decision is in {service.record}: read it, and edit it as needed.")
    terminal.say("Next:")
    go = f"cd {shlex.quote(str(service.path))}"
    for command in (go, *uv.path_commands(), *map(str, service.left), "uv run just up"):
        terminal.say(f"  {command}")
