"""The verb `update`: work it out, write it unless it is only a plan, and say what happened."""

from contextlib import ExitStack
from pathlib import Path

from roadbed import growth, journal, output, repository, update, update_report
from roadbed.errors import Exit, UsageError
from roadbed.update import Order


def require_one(*, go_on: bool, abort: bool, others: bool) -> None:
    """Raise UsageError when options exclude each other."""
    if (go_on or abort) and (go_on + abort + others > 1):
        raise UsageError("--continue and --abort take no other option but the folder.")


def run(order: Order, *, plan: bool, lock: bool, as_json: bool) -> Exit:
    """Update a service, or with `plan` say what that would do; returns the exit code."""
    with ExitStack() as stack:
        with output.step("Comparing with the template"):
            found, store = stack.enter_context(update.prepared(order))
        writing = bool(found.changes) and not plan
        saved = journal.write(found.found, found.draft, store) if writing else []
    compare = growth.keep(found.beside, found.found) if writing else []
    if as_json:
        output.say(update_report.as_json(found, written=writing))
    else:
        output.lines(update_report.as_text(found, compare, written=writing))
    for line in update_report.saved(saved):
        output.note(line)
    if writing and lock and found.draft.remade:
        _relock(found)
    return found.exit_code


def _relock(found: update.Update) -> None:
    with output.step("Locking the dependencies"):
        trouble = update.relock(found.found)
    if trouble:
        output.note(
            f"uv.lock is as it was, because uv could not make it anew ({trouble}): run `uv lock` "
            "and `git add uv.lock` when it can, before you commit."
        )


def resume(folder: Path, *, abort: bool) -> Exit:
    """Finish or undo the latest update of a service; returns the exit code."""
    found = repository.opened(folder)
    last, saved = journal.take_back(found) if abort else journal.go_on(found)
    output.lines(update_report.saved(saved))
    if abort:
        output.say(f"The update to {last.record.new} is undone; everything is as it was.")
        return Exit.FINE
    if last.record.state == journal.TAKEN_BACK:
        output.say(f"The update to {last.record.new} was undone.")
        return Exit.FINE
    output.say(f"The update to {last.record.new} is finished: look at it with `git status`.")
    return Exit.CONFLICTS if last.record.stages else Exit.FINE
