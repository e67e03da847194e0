"""The verb `advise`: ask, recommend, and say how to go on; and the advice that `new` takes."""

import shlex
from pathlib import Path

from roadbed import output
from roadbed.advice import interview, reports, rubric, sheet
from roadbed.advice.recommendation import Recommendation, recommend
from roadbed.advice.sheet import Sheet
from roadbed.errors import Exit, UsageError

FORMATS = ("text", "markdown", "json")


def run(
    file: Path | None, source: Path | None, *, defaults: bool, form: str, explain: bool
) -> Exit:
    """Recommend for the answers in `file`, and ask for those that are missing."""
    if form not in FORMATS:
        raise UsageError(f"There is no format {form!r}: choose {', '.join(FORMATS)}.")
    asking = (
        not defaults and output.interactive() and (file is None or _is_unfinished(file, source))
    )
    answered = _answered(file, source, asking=asking, defaults=defaults)
    if answered is None:
        return Exit.INTERRUPTED
    _print(recommend(answered.rubric, answered.answers), form, explain=explain)
    if asking and form == "text":
        path = shlex.quote(str(answered.path))
        output.report(["", "Next:", f"  roadbed new ../my-service --advice {path}"])
    return Exit.FINE


def advised(file: Path) -> Recommendation:
    """The recommendation for the answers in a file; raises UsageError where some are missing."""
    if not file.is_file():
        raise UsageError(f"There is no file {file}: `roadbed advise --answers {file}` writes it.")
    return _complete(sheet.read(file))


def _complete(answered: Sheet) -> Recommendation:
    if answered.missing:
        raise UsageError(
            f"{answered.path} has no answer to {', '.join(answered.missing)}: go on in a terminal "
            f"with `roadbed advise --answers {answered.path}`, or add --defaults."
        )
    return recommend(answered.rubric, answered.answers)


def _is_unfinished(file: Path, source: Path | None) -> bool:
    return bool(sheet.read(file, source).missing)


def _answered(
    file: Path | None, source: Path | None, *, asking: bool, defaults: bool
) -> Sheet | None:
    if asking:
        return _interviewed(sheet.read(file or Path(sheet.NAME), source))
    if file is not None:
        answered = sheet.read(file, source)
    else:
        answered = Sheet(None, source or rubric.FILE, rubric.load(source or rubric.FILE))
    if defaults:
        assumed = {it.id: it.default for it in answered.rubric.criteria}
        answered.answers = {**assumed, **answered.answers}
    if file is None and answered.missing:
        raise UsageError(
            "This is not a terminal, so the questions cannot be asked: name a file of answers with "
            "--answers, or add --defaults."
        )
    _complete(answered)
    return answered


def _interviewed(answers: Sheet) -> Sheet | None:
    output.say(f"The answers are kept in {answers.path}.")
    try:
        interview.hold(answers)
    except interview.StoppedError:
        path = shlex.quote(str(answers.path))
        output.note(f"Stopped; go on with `roadbed advise --answers {path}`.")
        return None
    return answers


def _print(found: Recommendation, form: str, *, explain: bool) -> None:
    if form == "json":
        output.say(reports.as_json(found))
    elif form == "markdown":
        output.lines(reports.as_markdown(found, explain=explain))
    else:
        output.report(["", *reports.as_text(found, explain=explain)])
