"""`roadbed update`: bring a newer version of the template, or end an interrupted update."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from roadbed import terminal
from roadbed.commands.options import AsJson, Data, DryRun, NoLock, Service, parse_answers
from roadbed.errors import Exit, UsageError
from roadbed.git import repository
from roadbed.git.objects import Store
from roadbed.git.repository import Repository
from roadbed.service import interruption
from roadbed.update import apply, journal, prepare, references
from roadbed.update import report as reports
from roadbed.update.prepare import Order, Update


def update(  # noqa: PLR0913 (each is an option of the command line)
    path: Service = Path(),
    *,
    to: Annotated[
        str | None, typer.Option(metavar="TAG|COMMIT", help="A version [default: the newest]")
    ] = None,
    data: Data = None,
    dry_run: DryRun = False,
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
    if go_on or abort:
        others = dry_run or no_lock or as_json or bool(to or data or source)
        _require_alone(others=others or (go_on and abort))
        raise typer.Exit(_resume(path, abort=abort))
    order = Order(path, to, parse_answers(data), source, dry_run=dry_run)
    raise typer.Exit(run(order, lock=not no_lock, as_json=as_json))


def _require_alone(*, others: bool) -> None:
    if others:
        raise UsageError("--continue and --abort take no other option but the folder.")


def run(order: Order, *, lock: bool, as_json: bool) -> Exit:
    """Update a service, or say what that would do, and print the report; returns the exit code."""
    with ExitStack() as stack:
        with terminal.step("Comparing with the template"):
            found, store = stack.enter_context(prepare.prepared(order))
        changing = bool(found.draft.after) and not order.dry_run
        saved = _write(found, store, lock=lock) if changing else []
    trouble = _relock(found.found) if changing and lock and found.draft.remade else ""
    if as_json:
        terminal.say(reports.as_json(found, saved, trouble, written=changing))
    else:
        compare = references.keep(found.beside, found.found) if changing else []
        news = references.keep_both(found.apart, found.found) if changing else []
        terminal.report(reports.as_text(found, compare, news, written=changing))
        terminal.report(reports.saved(saved))
    return found.exit_code


def _write(found: Update, store: Store, *, lock: bool) -> list[Path]:
    told = tuple(reports.as_text(found, written=True))
    try:
        return apply.write(found.found, replace(found.draft, told=told, locking=lock), store)
    except KeyboardInterrupt:
        terminal.note(f"The update was being written: {interruption.WAYS_OUT}.")
        raise


def _relock(found: Repository) -> str:
    """Lock the dependencies; returns what went wrong, which was said, or nothing."""
    with terminal.step("Locking the dependencies"):
        trouble = prepare.relock(found)
    if trouble:
        terminal.note(
            f"uv.lock is as it was, because uv could not make it anew ({trouble}): run `uv lock` "
            "and `git add uv.lock` when it can, before you commit."
        )
    return trouble


def _resume(folder: Path, *, abort: bool) -> Exit:
    """Finish or undo the latest update of a service; returns the exit code."""
    found = repository.opened(folder)
    last, saved = apply.take_back(found) if abort else apply.go_on(found)
    terminal.report(reports.saved(saved))
    record = last.record
    if record.head != found.head:
        terminal.lines(reports.forgotten(record))
    elif abort or record.state == journal.TAKEN_BACK:
        terminal.say(f"The update to {record.new} is undone; everything is as it was.")
    else:
        if record.remade and record.locking:
            _relock(found)
        terminal.report([f"The update to {record.new} is finished.", "", *record.told])
        return Exit(record.ending)
    return Exit.FINE
