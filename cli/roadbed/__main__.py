"""The command line: every option is declared here, and the modules do the work."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from roadbed import endings, git, output
from roadbed.errors import Exit, RoadbedError

app = typer.Typer(
    name="roadbed",
    help="Turn a plan into a running repository, and keep it following the plan.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": output.WIDTH},
)

_Source = Annotated[
    str | None,
    typer.Option(
        metavar="URL|PATH", help="The template repository [default: the checkout roadbed runs from]"
    ),
]
_Ref = Annotated[
    str | None,
    typer.Option(metavar="TAG|COMMIT", help="Its version [default: the newest release]"),
]
_Data = Annotated[
    list[str] | None,
    typer.Option("-d", "--data", metavar="KEY=VALUE", help="Answer a question (repeatable)"),
]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 (20 ms, for this option alone)

        output.say(f"roadbed {version('roadbed')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version")
    ] = False,
) -> None:
    """Declare what belongs to no verb."""


@app.command(short_help="Make a service from a plan")
def new(  # noqa: PLR0913 (each is an option of the command line)
    plan: Annotated[str, typer.Argument(help="django-monolith, fastapi-service or hybrid")],
    path: Annotated[Path, typer.Argument(help="A new or an empty folder")],
    *,
    name: Annotated[
        str | None, typer.Option(help="The service's name [default: the folder's]")
    ] = None,
    data: _Data = None,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Ask nothing: take the default answers")
    ] = False,
    no_install: Annotated[
        bool, typer.Option("--no-install", help="Render and commit; install nothing")
    ] = False,
    source: _Source = None,
    ref: _Ref = None,
) -> None:
    """Make a service from a plan: rendered, installed, committed and ready to start."""
    from roadbed import new as making  # noqa: PLC0415
    from roadbed import sources  # noqa: PLC0415

    answers = making.parse_answers(data or [])
    if name is not None:
        answers["project_name"] = name
    found = sources.resolve(source, ref)
    sources.refuse_dirty(found, ref)
    order = making.Order(plan, path, answers, defaults, install=not no_install)
    making.report(making.create(order, found), plan)


@app.command(short_help="Run a throw-away service, to see what you would get")
def demo(
    plan: Annotated[str, typer.Argument(help="The plan to show")] = "django-monolith",
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop after the requests")] = False,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Make the service there and leave it")
    ] = None,
    source: _Source = None,
) -> None:
    """Make a throw-away service from the templates as they lie, run it and use it."""
    from roadbed import demo as showing  # noqa: PLC0415
    from roadbed import sources  # noqa: PLC0415

    showing.demo(showing.Wish(plan, once, keep), sources.resolve(source, "HEAD"))


@app.command(short_help="Say where a service differs from its template")
def check(  # noqa: PLR0913 (each is an option of the command line)
    path: Annotated[Path, typer.Argument(help="The folder of a generated service")] = Path(),
    *,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show how files differ from the template's")
    ] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Restore them; what was there is saved in git's folder")
    ] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Ask the template too: newer, moved, better seeds?")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Judge waivers as on that day [default: now]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report for machines")] = False,
    after_update: Annotated[
        bool, typer.Option("--after-update", help="Has an update lost what the team wrote?")
    ] = False,
    base: Annotated[
        str, typer.Option(metavar="COMMIT", help="… the update since then [default: HEAD]")
    ] = "",
    accept: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="… and it may: keep that on record (repeatable)"),
    ] = None,
) -> None:
    """Compare the managed files with the template's, offline.

    .roadbed/MANIFEST says what they should be; an edit of that file itself is not found. What
    waivers.toml names does not fail. With --after-update, what anybody's update lost: exit code 4.
    """
    if after_update or base or accept:
        from roadbed import auditing  # noqa: PLC0415

        auditing.require_alone(others=bool(diff or fix or online or as_of))
        raise typer.Exit(auditing.run(path, base or "HEAD", accept or [], as_json=as_json))
    from roadbed import check as checking  # noqa: PLC0415
    from roadbed import reports  # noqa: PLC0415

    today = checking.parse_day(as_of)
    report = checking.check(path, today, online=online)
    report = checking.with_differences(report) if diff else report
    report = checking.mended(report, today, online=online) if fix else report
    if as_json:
        output.say(reports.as_json(report))
    else:
        output.differences((report.differences or {}).values())
        output.lines(reports.as_text(report))
    raise typer.Exit(report.exit_code)


@app.command(short_help="Take managed files over, out of the updates")
def eject(
    files: Annotated[list[Path], typer.Argument(help="Managed files of a generated service")],
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Give them back to the platform")] = False,
) -> None:
    """Take managed files over: updates leave them alone from then on."""
    from roadbed import eject as handing  # noqa: PLC0415

    output.lines(handing.as_text(handing.eject(files, undo=undo)))


@app.command(short_help="Bring a newer version of the platform; nothing is lost")
def update(  # noqa: PLR0913 (each is an option of the command line)
    path: Annotated[Path, typer.Argument(help="The folder of a generated service")] = Path(),
    *,
    to: Annotated[
        str | None, typer.Option(metavar="TAG|COMMIT", help="A version [default: the newest]")
    ] = None,
    data: _Data = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would happen; write nothing")] = (
        False
    ),
    go_on: Annotated[
        bool, typer.Option("--continue", help="Finish an update that was interrupted")
    ] = False,
    abort: Annotated[
        bool, typer.Option("--abort", help="Undo the latest update, if it is not committed")
    ] = False,
    no_lock: Annotated[bool, typer.Option("--no-lock", help="Leave uv.lock as it is")] = False,
    source: Annotated[
        str | None, typer.Option(metavar="URL|PATH", help="The template's address, if it moved")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report for machines")] = False,
) -> None:
    """Bring a newer version of the platform, merged with the team's edits.

    HEAD stays where it is; the result is staged for your commit. Exit code 3: conflicts to settle.
    Exit code 4: something of the team's is not in the result.
    """
    from roadbed import new as making  # noqa: PLC0415
    from roadbed import updating  # noqa: PLC0415
    from roadbed.update import Order  # noqa: PLC0415

    others = plan or no_lock or as_json or bool(to or data or source)
    updating.require_one(go_on=go_on, abort=abort, others=others)
    if go_on or abort:
        raise typer.Exit(updating.resume(path, abort=abort))
    order = Order(path, to, making.parse_answers(data or []), source, plan=plan)
    raise typer.Exit(updating.run(order, lock=not no_lock, as_json=as_json))


@app.command(short_help="Give a monolith or a service its other half")
def grow(  # noqa: PLR0913 (each is an option of the command line)
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="hybrid")],
    path: Annotated[Path, typer.Argument(help="The folder of a generated service")] = Path(),
    *,
    data: _Data = None,
    dry: Annotated[bool, typer.Option("--plan", help="Say what would happen; write nothing")] = (
        False
    ),
    no_lock: Annotated[bool, typer.Option("--no-lock", help="Leave uv.lock as it is")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report for machines")] = False,
) -> None:
    """Give a monolith or a service its other half; nothing that it has moves or changes.

    The service stays at its version. `roadbed update --abort` undoes it until it is committed.
    """
    from roadbed import answers, growth, updating  # noqa: PLC0415
    from roadbed import new as making  # noqa: PLC0415
    from roadbed.update import Order  # noqa: PLC0415

    given = making.parse_answers(data or [])
    growth.require_possible(answers.read(path).plan, plan, given)
    order = Order(path, answers={**given, "plan": plan}, half=True, plan=dry)
    raise typer.Exit(updating.run(order, lock=not no_lock, as_json=as_json))


@app.command(short_help="Bring a repository that was never generated under a plan")
def adopt(  # noqa: PLR0913 (each is an option of the command line)
    path: Annotated[Path, typer.Argument(help="The folder of a repository, or within one")],
    *,
    data: _Data = None,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Ask nothing: take what can be guessed")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would happen; write nothing")] = (
        False
    ),
    source: _Source = None,
    ref: _Ref = None,
) -> None:
    """Bring a repository that was never generated, or lost its answers, under a plan.

    The platform's files arrive, and nothing of yours changes; what differs goes on record.
    """
    from roadbed import adopting  # noqa: PLC0415
    from roadbed import new as making  # noqa: PLC0415
    from roadbed.adopt import Order  # noqa: PLC0415

    order = Order(path, source, ref, making.parse_answers(data or []), defaults)
    adopting.run(order, plan=plan)


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code and prints at most one sentence about a failure."""
    git.forget_surroundings()
    endings.catch_interrupts()
    try:
        code = typer.main.get_command(app).main(
            [*arguments] or ["--help"], "roadbed", standalone_mode=False
        )
    except RoadbedError as error:
        output.error(str(error))
        return error.exit_code
    except typer.TyperException as error:
        output.error(f"{error.format_message()} See `roadbed --help`.")
        return Exit.USAGE
    except (KeyboardInterrupt, typer.Abort):
        code = Exit.INTERRUPTED
    except SystemExit:  # Typer's end when the reader left, as in `roadbed check | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.COULD_NOT_RUN
    except Exception:
        output.error(endings.defect())
        return Exit.DEFECT
    if code == Exit.INTERRUPTED:  # Typer's own spelling of Ctrl-C, and ours
        output.error("interrupted.")
    return code if isinstance(code, int) else Exit.FINE


def main() -> None:
    """The `roadbed` command."""
    output.tolerate()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
