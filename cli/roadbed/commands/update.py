"""`roadbed update`: bring a newer version of the template, or end an interrupted update."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from roadbed import terminal
from roadbed.commands.document import print_document
from roadbed.commands.options import AsJson, Data, DryRun, NoLock, Service, parse_data
from roadbed.errors import Exit, UsageError
from roadbed.git.objects import Store
from roadbed.git.repository import Repository, open_repository
from roadbed.service.interruption import WAYS_OUT
from roadbed.update import journal
from roadbed.update import report as reports
from roadbed.update.apply import continue_update, undo_update, write_update
from roadbed.update.copies import keep_both_versions, keep_copies
from roadbed.update.prepare import Update, UpdateRequest, prepared_update, relock


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

    HEAD does not move; the result is staged for your commit. Exit code 3: there are conflicts.
    Exit code 4: the result lacks an edit of the team.
    """
    if go_on or abort:
        others = dry_run or no_lock or as_json or bool(to or data or source)
        _require_alone(others=others or (go_on and abort))
        raise typer.Exit(_resume(path, abort=abort))
    request = UpdateRequest(path, to, parse_data(data), source, dry_run=dry_run)
    raise typer.Exit(run(request, lock=not no_lock, as_json=as_json))


def _require_alone(*, others: bool) -> None:
    if others:
        raise UsageError("--continue and --abort take no other option but the folder.")


def run(request: UpdateRequest, *, lock: bool, as_json: bool) -> Exit:
    """Update a service, or say what that would do, and print the report; returns the exit code."""
    with ExitStack() as stack:
        with terminal.step("Comparing with the template"):
            work, store = stack.enter_context(prepared_update(request))
        changing = bool(work.pending.after) and not request.dry_run
        saved = _write(work, store, lock=lock) if changing else []
    trouble = _relock(work.repository) if changing and lock and work.pending.regenerated else ""
    if as_json:
        keys = reports.as_data(work, saved, trouble, written=changing)
        print_document(request.folder, work.exit_code, **keys)
    else:
        compare = keep_copies(work.plan_files, work.repository) if changing else []
        news = keep_both_versions(work.excluded, work.repository) if changing else []
        terminal.report(reports.as_text(work, compare, news, written=changing))
        terminal.report(reports.saved(saved))
    return work.exit_code


def _write(work: Update, store: Store, *, lock: bool) -> list[Path]:
    text = tuple(reports.as_text(work, written=True))
    try:
        return write_update(
            work.repository, replace(work.pending, report=text, locking=lock), store
        )
    except KeyboardInterrupt:
        terminal.note(f"The update was being written: {WAYS_OUT}.")
        raise


def _relock(repository: Repository) -> str:
    """Lock the dependencies; returns why that failed, or an empty string."""
    with terminal.step("Locking the dependencies"):
        trouble = relock(repository)
    if trouble:
        terminal.note(
            f"uv could not regenerate uv.lock ({trouble}), so it is unchanged: run `uv lock` and "
            "`git add uv.lock` before you commit."
        )
    return trouble


def _resume(folder: Path, *, abort: bool) -> Exit:
    """Finish or undo the latest update of a service; returns the exit code."""
    repository = open_repository(folder)
    last, saved = undo_update(repository) if abort else continue_update(repository)
    terminal.report(reports.saved(saved))
    record = last.record
    if record.head != repository.head:
        terminal.lines(reports.forgotten(record))
    elif abort or record.state == journal.UNDONE:
        terminal.say(f"The update to {record.new} is undone; everything is as it was.")
    else:
        if record.regenerated and record.locking:
            _relock(repository)
        terminal.report([f"The update to {record.new} is finished.", "", *record.report])
        return Exit(record.ending)
    return Exit.FINE
