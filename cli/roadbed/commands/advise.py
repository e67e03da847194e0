"""`roadbed advise`: ask, recommend a plan, and say how to go on."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from roadbed import terminal
from roadbed.advice import reports
from roadbed.advice.interview import StoppedError, hold_interview
from roadbed.advice.recommendation import Recommendation
from roadbed.advice.rubric import RUBRIC_FILE, load_rubric
from roadbed.advice.sheet import SHEET_FILE, Sheet, complete, read_sheet, require_there
from roadbed.commands.document import print_document
from roadbed.commands.options import AsJson
from roadbed.errors import Exit, UsageError


def advise(  # noqa: PLR0913 (each is an option of the command line)
    *,
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Answers so far [default: ./roadbed-advice.toml]"),
    ] = None,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Ask nothing: assume what was not answered")
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Report as Markdown")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what every answer contributes")
    ] = False,
    rubric: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A rubric of your own")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask twelve questions and recommend a plan: why, with which risks, what would change it.

    Each answer is kept at once, and `roadbed new PATH --advice FILE` makes the service.
    """
    if markdown and as_json:
        raise UsageError("--markdown and --json exclude each other: choose one.")
    can_ask = terminal.interactive() and not (markdown or as_json or defaults)
    answered = _read(answers, rubric, can_ask=can_ask)
    if defaults:
        _assume(answered)
    # a file that is complete is taken as it is; the usual one is shown to be changed
    asking = can_ask and (answers is None or bool(answered.missing))
    if asking and not _interviewed(answered):
        return
    recommendation = complete(answered)
    if as_json:
        print_document(None, Exit.FINE, **reports.as_data(recommendation))
    elif markdown:
        terminal.lines(reports.as_markdown(recommendation, explain=explain))
    else:
        _report(recommendation, answered, asked=asking, explain=explain)


def _report(recommendation: Recommendation, answered: Sheet, *, asked: bool, explain: bool) -> None:
    """Print the recommendation for people, after an interview with the next steps."""
    if asked:
        terminal.say()
    terminal.report(reports.as_text(recommendation, explain=explain))
    if asked:
        terminal.report(reports.next_steps(recommendation, answered.path or Path(SHEET_FILE)))


def _read(answers: Path | None, source: Path | None, *, can_ask: bool) -> Sheet:
    """Read the file of answers; where nothing can be asked, a named one must exist."""
    if answers and not can_ask:
        require_there(answers)
    file = answers or (Path(SHEET_FILE) if can_ask else None)
    if file:
        return read_sheet(file, source)
    return Sheet(None, source or RUBRIC_FILE, load_rubric(source or RUBRIC_FILE))


def _assume(answered: Sheet) -> None:
    """Answer by default what was not answered, and say so."""
    if answered.missing:
        terminal.note(f"Assumed, because there is no answer: {', '.join(answered.missing)}.")
    assumed = {criterion.id: criterion.default for criterion in answered.rubric.criteria}
    answered.answers = {**assumed, **answered.answers}


def _interviewed(answers: Sheet) -> bool:
    """Hold the interview; returns whether it came to its end."""
    known = f"{len(answers.answers)} so far" if answers.answers else "a new file"
    terminal.say(f"Your answers are kept in {answers.path} ({known}).")
    answers.keep()
    try:
        hold_interview(answers)
    except StoppedError:
        terminal.note(_way_on(answers))
        return False
    except KeyboardInterrupt:
        terminal.note(f"\n{_way_on(answers)}")
        raise
    return True


def _way_on(answers: Sheet) -> str:
    options = (
        "" if answers.path == Path(SHEET_FILE) else f" --answers {shlex.quote(str(answers.path))}"
    )
    return f"Your answers are in {answers.path}; `roadbed advise{options}` goes on from there."
