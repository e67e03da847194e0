"""The verb `update`: work it out, write it unless it is only a plan, and say what happened."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from roadbed import terminal as output
from roadbed.errors import Exit, UsageError
from roadbed.git import repository
from roadbed.git.objects import Store
from roadbed.git.repository import Repository
from roadbed.service import interruption as unfinished
from roadbed.update import apply as writing
from roadbed.update import journal
from roadbed.update import prepare as update
from roadbed.update import references as beside
from roadbed.update import report as update_report
from roadbed.update.prepare import Order


def require_one(*, go_on: bool, abort: bool, others: bool) -> None:
    """Raise UsageError when options exclude each other."""
    if (go_on or abort) and (go_on + abort + others > 1):
        raise UsageError("--continue and --abort take no other option but the folder.")


def run(order: Order, *, lock: bool, as_json: bool) -> Exit:
    """Update a service, or say what that would do; returns the exit code."""
    with ExitStack() as stack:
        with output.step("Comparing with the template"):
            found, store = stack.enter_context(update.prepared(order))
        changing = bool(found.draft.after) and not order.plan
        saved = _write(found, store, lock=lock) if changing else []
    trouble = _relock(found.found) if changing and lock and found.draft.remade else ""
    if as_json:
        output.say(update_report.as_json(found, saved, trouble, written=changing))
    else:
        compare = beside.keep(found.beside, found.found) if changing else []
        news = beside.keep_both(found.apart, found.found) if changing else []
        output.report(update_report.as_text(found, compare, news, written=changing))
        output.report(update_report.saved(saved))
    return found.exit_code


def _write(found: update.Update, store: Store, *, lock: bool) -> list[Path]:
    told = tuple(update_report.as_text(found, written=True))
    try:
        return writing.write(found.found, replace(found.draft, told=told, locking=lock), store)
    except KeyboardInterrupt:
        output.note(f"The update was being written: {unfinished.WAYS_OUT}.")
        raise


def _relock(found: Repository) -> str:
    """Lock the dependencies; returns what went wrong, which was said, or nothing."""
    with output.step("Locking the dependencies"):
        trouble = update.relock(found)
    if trouble:
        output.note(
            f"uv.lock is as it was, because uv could not make it anew ({trouble}): run `uv lock` "
            "and `git add uv.lock` when it can, before you commit."
        )
    return trouble


def resume(folder: Path, *, abort: bool) -> Exit:
    """Finish or undo the latest update of a service; returns the exit code."""
    found = repository.opened(folder)
    last, saved = writing.take_back(found) if abort else writing.go_on(found)
    output.report(update_report.saved(saved))
    record = last.record
    if record.head != found.head:
        output.lines(update_report.forgotten(record))
    elif abort or record.state == journal.TAKEN_BACK:
        output.say(f"The update to {record.new} is undone; everything is as it was.")
    else:
        if record.remade and record.locking:
            _relock(found)
        output.report([f"The update to {record.new} is finished.", "", *record.told])
        return Exit(record.ending)
    return Exit.FINE
