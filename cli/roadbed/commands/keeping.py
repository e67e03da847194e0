"""The verbs of a service that exists: compare, update, grow, hand over, adopt."""

from pathlib import Path
from typing import Annotated

import typer

from roadbed import terminal as output
from roadbed.commands.options import AsJson, Data, NoLock, PlanOnly, Ref, Service, Source


def check(  # noqa: PLR0913 (each is an option of the command line)
    path: Service = Path(),
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
    as_json: AsJson = False,
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
    from roadbed import checking  # noqa: PLC0415

    wish = checking.Wish(path, as_of, diff=diff, fix=fix, online=online)
    raise typer.Exit(checking.run(wish, as_json=as_json))


def eject(
    files: Annotated[list[Path], typer.Argument(help="Managed files of a generated service")],
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Give them back to the platform")] = False,
) -> None:
    """Take managed files over: updates leave them alone from then on."""
    from roadbed.update import eject as handing  # noqa: PLC0415

    output.lines(handing.as_text(handing.eject(files, undo=undo)))


def update(  # noqa: PLR0913 (each is an option of the command line)
    path: Service = Path(),
    *,
    to: Annotated[
        str | None, typer.Option(metavar="TAG|COMMIT", help="A version [default: the newest]")
    ] = None,
    data: Data = None,
    plan: PlanOnly = False,
    go_on: Annotated[
        bool, typer.Option("--continue", help="Finish an update that was interrupted")
    ] = False,
    abort: Annotated[
        bool, typer.Option("--abort", help="Undo the latest update, if it is not committed")
    ] = False,
    no_lock: NoLock = False,
    source: Annotated[
        str | None, typer.Option(metavar="URL|PATH", help="The template's address, if it moved")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring a newer version of the platform, merged with the team's edits.

    HEAD stays where it is; the result is staged for your commit. Exit code 3: conflicts to settle.
    Exit code 4: something of the team's is not in the result.
    """
    from roadbed import updating  # noqa: PLC0415
    from roadbed.creation import new as making  # noqa: PLC0415
    from roadbed.update.prepare import Order  # noqa: PLC0415

    others = plan or no_lock or as_json or bool(to or data or source)
    updating.require_one(go_on=go_on, abort=abort, others=others)
    if go_on or abort:
        raise typer.Exit(updating.resume(path, abort=abort))
    order = Order(path, to, making.parse_answers(data or []), source, plan=plan)
    raise typer.Exit(updating.run(order, lock=not no_lock, as_json=as_json))


def grow(  # noqa: PLR0913 (each is an option of the command line)
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="hybrid")],
    path: Service = Path(),
    *,
    data: Data = None,
    dry: PlanOnly = False,
    no_lock: NoLock = False,
    as_json: AsJson = False,
) -> None:
    """Give a monolith or a service its other half; nothing that it has moves or changes.

    The service stays at its version. `roadbed update --abort` undoes it until it is committed.
    """
    from roadbed import updating  # noqa: PLC0415
    from roadbed.creation import new as making  # noqa: PLC0415
    from roadbed.service import answers  # noqa: PLC0415
    from roadbed.update import growth  # noqa: PLC0415
    from roadbed.update.prepare import Order  # noqa: PLC0415

    given = making.parse_answers(data or [])
    growth.require_possible(answers.read(path).plan, plan, given)
    order = Order(path, answers={**given, "plan": plan}, half=True, plan=dry)
    raise typer.Exit(updating.run(order, lock=not no_lock, as_json=as_json))


def adopt(  # noqa: PLR0913 (each is an option of the command line)
    path: Annotated[Path, typer.Argument(help="The folder of a repository, or within one")],
    *,
    data: Data = None,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Ask nothing: take what can be guessed")
    ] = False,
    plan: PlanOnly = False,
    source: Source = None,
    ref: Ref = None,
) -> None:
    """Bring a repository that was never generated, or lost its answers, under a plan.

    The platform's files arrive, and nothing of yours changes; what differs goes on record.
    """
    from roadbed import adopting  # noqa: PLC0415
    from roadbed.creation import new as making  # noqa: PLC0415
    from roadbed.update.adopt import Order  # noqa: PLC0415

    order = Order(path, source, ref, making.parse_answers(data or []), defaults)
    adopting.run(order, plan=plan)
