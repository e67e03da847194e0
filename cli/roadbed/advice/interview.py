"""The interview: plain lines that scroll, readable for screen readers, at 80 columns, with or
without color. Every answer is saved at once.
"""

from collections.abc import Sequence

from roadbed import terminal
from roadbed.advice.rubric import Criterion
from roadbed.advice.sheet import Sheet

_WHY, _BACK, _STOP = "?", "b", "q"


class StoppedError(Exception):
    """The user stops here and may continue later."""


def hold_interview(sheet: Sheet) -> None:
    """Ask the questions without an answer, then let every answer be changed.

    Raises StoppedError.
    """
    if sheet.missing:
        terminal.say("Enter takes the answer in brackets; ? says why it is asked, b goes back,")
        terminal.say("q stops, and the same command continues from there.")
    number = _open(sheet)
    while number is not None:
        back = _ask(sheet, number)
        number = max(0, number - 1) if back else _open(sheet)
    while (number := _review(sheet)) is not None:
        _ask(sheet, number)


def _open(sheet: Sheet) -> int | None:
    """Return the number of the first criterion without an answer, or None."""
    ids = [criterion.id for criterion in sheet.rubric.criteria]
    return next((ids.index(name) for name in sheet.missing), None)


def _ask(sheet: Sheet, number: int) -> bool:
    """Ask one question until it is answered; return whether to go back instead."""
    criterion = sheet.rubric.criteria[number]
    options = [option.id for option in criterion.options]
    preset = options.index(sheet.answers.get(criterion.id, criterion.default)) + 1
    _show(criterion, f"{number + 1} of {len(sheet.rubric.criteria)}")
    while True:
        typed = _typed(f"[{preset}]: ")
        if typed == _WHY:
            terminal.lines(terminal.wrapped(criterion.why, ""))
        elif typed == _BACK:
            return True
        elif typed == _STOP:
            raise StoppedError
        elif (chosen := _number(typed or str(preset), options)) is not None:
            sheet.answer(criterion.id, options[chosen])
            return False
        else:
            terminal.say(f"{typed!r} is not an option: type {_range(options)}, ?, b or q.")


def _show(criterion: Criterion, place: str) -> None:
    terminal.say()
    terminal.heading(f"{place}: {criterion.name}")
    terminal.lines(terminal.wrapped(criterion.question, ""))
    for number, option in enumerate(criterion.options, start=1):
        terminal.lines(terminal.hanging(option.label, f"  {number}  "))


def _review(sheet: Sheet) -> int | None:
    """Show all answers; return the number of the one to change, or None to continue."""
    criteria = sheet.rubric.criteria
    terminal.say()
    terminal.heading("Your answers")
    for number, criterion in enumerate(criteria, start=1):
        label = criterion.option(sheet.answers[criterion.id]).label
        terminal.lines(terminal.hanging(f"{criterion.name}: {label}", f"  {number:>2}  "))
    numbers = [criterion.id for criterion in criteria]
    while True:
        typed = _typed(f"Enter for the recommendation, {_range(numbers)} to change one, or q: ")
        if not typed:
            return None
        if typed == _STOP:
            raise StoppedError
        chosen = _number(typed, numbers)
        if chosen is not None:
            return chosen
        terminal.say(f"{typed!r} is not an option: type {_range(numbers)}, q, or press Enter.")


def _typed(prompt: str) -> str:
    try:
        return input(prompt).strip().lower()
    except EOFError:
        terminal.say()
        raise StoppedError from None


def _number(typed: str, options: Sequence[str]) -> int | None:
    """Return the index of the option typed by number or by name, or None."""
    if typed in options:
        return options.index(typed)
    return int(typed) - 1 if typed.isdecimal() and 1 <= int(typed) <= len(options) else None


def _range(options: Sequence[str]) -> str:
    return f"1 to {len(options)}"
