"""The file of answers: written after each answer, so that an interview can continue later."""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from roadbed.advice.recommendation import Recommendation, recommend
from roadbed.advice.rubric import RUBRIC_FILE, Rubric, load_rubric
from roadbed.errors import CouldNotRunError, UsageError
from roadbed.git.objects import FILE as FILE_MODE
from roadbed.git.worktree import FileContent, replace_file

SHEET_FILE = "roadbed-advice.toml"
_HEADER = """\
# Answers to `roadbed advise`. Go on with `roadbed advise --answers FILE`, or make the service with
# `roadbed new PATH --advice FILE`.
format = 1
"""


@dataclass
class Sheet:
    """The answers so far, by criterion, to the rubric in the file `source`; saved in `path`."""

    path: Path | None
    source: Path
    rubric: Rubric
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """The criteria without an answer."""
        return [
            criterion.id for criterion in self.rubric.criteria if criterion.id not in self.answers
        ]

    def answer(self, criterion: str, option: str) -> None:
        """Record an answer and save the file; raises as `keep` does."""
        self.answers[criterion] = option
        self.keep()

    def keep(self) -> None:
        """Write the file; raises CouldNotRunError when that fails."""
        if self.path:
            named = (
                None
                if self.source == RUBRIC_FILE
                else os.path.relpath(self.source, self.path.parent)
            )
            ordered = [
                criterion.id for criterion in self.rubric.criteria if criterion.id in self.answers
            ]
            content = sheet_text({key: self.answers[key] for key in ordered}, named).encode()
            replace_file(self.path.parent, self.path.name, FileContent(FILE_MODE, content))


def read_sheet(path: Path, source: Path | None = None) -> Sheet:
    """Return the sheet in a file, or an empty one if there is no file yet.

    `source` is the rubric's file; without it, the one that the sheet names. Raises UsageError for
    an impossible answer.
    """
    data = _data(path)
    named = data.get("rubric")
    if named is not None and not isinstance(named, str):
        raise _broken(path, "`rubric` is not the path of a file")
    chosen = source or (path.parent / named if named else RUBRIC_FILE)
    rubric = load_rubric(chosen)
    answers = data.get("answers", {})
    if not isinstance(answers, dict):
        raise _broken(path, "`answers` is not a table")
    _require_possible(path, rubric, answers)
    return Sheet(path, chosen, rubric, {str(key): str(value) for key, value in answers.items()})


def _data(path: Path) -> Mapping[str, object]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CouldNotRunError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _broken(path, f"it is not valid TOML: {error}") from error
    unknown = data.keys() - {"format", "rubric", "answers"}
    if unknown:
        raise _broken(path, f"it has the unknown key `{min(unknown)}`")
    if data.get("format") != 1:
        raise _broken(path, "`format` is not 1")
    return data


def _require_possible(path: Path, rubric: Rubric, answers: Mapping[str, object]) -> None:
    known = {criterion.id: criterion for criterion in rubric.criteria}
    for key, value in answers.items():
        if key not in known:
            raise _broken(path, f"there is no question {key!r}: there are {', '.join(known)}")
        options = [option.id for option in known[key].options]
        if value not in options:
            raise _broken(path, f"{key} cannot be {value!r}: it is {', '.join(options)}")


def _broken(path: Path, why: str) -> UsageError:
    return UsageError(f"{path} cannot be used ({why}): fix it, or delete it and start again.")


def sheet_text(answers: Mapping[str, str], rubric: str | None = None) -> str:
    """Return a file of answers; `rubric` is its path relative to the file, None for
    Roadbed's own.
    """
    named = f"rubric = {_quoted(rubric)}\n" if rubric else ""
    lines = [f"{key} = {_quoted(answer)}\n" for key, answer in answers.items()]
    return "".join([_HEADER, named, "\n[answers]\n", *lines])


def _quoted(text: str) -> str:
    # a JSON string without surrogates is a TOML string
    return json.dumps(text, ensure_ascii=False)


def advised(file: Path) -> Recommendation:
    """Return the recommendation for a file of answers; raises UsageError where some are missing."""
    require_there(file)
    return complete(read_sheet(file))


def require_there(file: Path) -> None:
    """Raise UsageError when there is no file of answers."""
    if not file.is_file():
        raise UsageError(
            f"There is no file {file}: `roadbed advise --answers {file}` writes it in a terminal."
        )


def complete(answered: Sheet) -> Recommendation:
    """Return the recommendation for a sheet; raises UsageError where answers are missing."""
    missing = ", ".join(answered.missing)
    if missing and answered.path is None:
        raise UsageError(
            "The questions cannot be asked here (no terminal, or a format for machines): name a "
            "file of answers with --answers, or add --defaults."
        )
    if missing:
        raise UsageError(
            f"{answered.path} has no answer to {missing}: `roadbed advise --answers "
            f"{answered.path}` asks for the rest in a terminal."
        )
    return recommend(answered.rubric, answered.answers)
