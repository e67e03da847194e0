"""The verb `advise`: ask, recommend, and say how to go on; and the advice that `new` takes."""

import shlex
from pathlib import Path

from roadbed import terminal as output
from roadbed.advice import interview, reports, rubric, sheet
from roadbed.advice.recommendation import Recommendation, recommend
from roadbed.advice.sheet import Sheet
from roadbed.errors import Exit, UsageError

TEXT = "text"
FORMATS = (TEXT, "markdown", "json")


def run(
    file: Path | None, source: Path | None, *, defaults: bool, form: str, explain: bool
) -> Exit:
    """Recommend for the answers in `file`, and ask for those that are missing.

    Only who sits at a terminal and wants to read is asked; a file that is complete is taken as it
    is, and what is in the usual one is shown to be changed.
    """
    if form not in FORMATS:
        raise UsageError(f"There is no format {form!r}: choose {', '.join(FORMATS)}.")
    can_ask = output.interactive() and form == TEXT and not defaults
    if file and not can_ask:
        _require_there(file)
    place = file or (Path(sheet.NAME) if can_ask else None)
    answered = _read(place, source)
    if defaults:
        _assume(answered)
    asking = can_ask and (file is None or bool(answered.missing))
    if asking and not _interviewed(answered):
        return Exit.FINE
    found = _complete(answered)
    if asking:
        output.say()
    _print(found, form, explain=explain)
    if asking:
        output.report(reports.next_steps(found, answered.path or Path(sheet.NAME)))
    return Exit.FINE


def advised(file: Path) -> Recommendation:
    """The recommendation for the answers in a file; raises UsageError where some are missing."""
    _require_there(file)
    return _complete(sheet.read(file))


def _require_there(file: Path) -> None:
    if not file.is_file():
        raise UsageError(
            f"There is no file {file}: `roadbed advise --answers {file}` writes it in a terminal."
        )


def _read(file: Path | None, source: Path | None) -> Sheet:
    if file:
        return sheet.read(file, source)
    return Sheet(None, source or rubric.FILE, rubric.load(source or rubric.FILE))


def _assume(answered: Sheet) -> None:
    """Answer by default what was not answered, and say so."""
    if answered.missing:
        output.note(f"Assumed, because nobody answered: {', '.join(answered.missing)}.")
    assumed = {it.id: it.default for it in answered.rubric.criteria}
    answered.answers = {**assumed, **answered.answers}


def _complete(answered: Sheet) -> Recommendation:
    missing = ", ".join(answered.missing)
    if missing and answered.path is None:
        raise UsageError(
            "Nobody can be asked here (no terminal, or a format for machines): name a file of "
            "answers with --answers, or add --defaults."
        )
    if missing:
        raise UsageError(
            f"{answered.path} has no answer to {missing}: `roadbed advise --answers "
            f"{answered.path}` asks for the rest in a terminal."
        )
    return recommend(answered.rubric, answered.answers)


def _interviewed(answers: Sheet) -> bool:
    """Hold the interview; returns whether it came to its end."""
    known = f"{len(answers.answers)} so far" if answers.answers else "a new file"
    output.say(f"Your answers are kept in {answers.path} ({known}).")
    answers.keep()
    try:
        interview.hold(answers)
    except interview.StoppedError:
        output.note(_way_on(answers))
        return False
    except KeyboardInterrupt:
        output.note(f"\n{_way_on(answers)}")
        raise
    return True


def _way_on(answers: Sheet) -> str:
    options = (
        "" if answers.path == Path(sheet.NAME) else f" --answers {shlex.quote(str(answers.path))}"
    )
    return f"Your answers are in {answers.path}; `roadbed advise{options}` goes on from there."


def _print(found: Recommendation, form: str, *, explain: bool) -> None:
    if form == "json":
        output.say(reports.as_json(found))
    elif form == "markdown":
        output.lines(reports.as_markdown(found, explain=explain))
    else:
        output.report(reports.as_text(found, explain=explain))
