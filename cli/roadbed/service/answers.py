"""The answers file of a service: its plan and options, its template and the template's version."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from roadbed.errors import CouldNotRunError, UsageError

ANSWERS_FILE = ".copier-answers.yml"


@dataclass(frozen=True)
class Answers:
    """`source` and `version` are Copier's own entries; `values` answer the questions.

    `commit` is the id of the version's commit, or empty where it was not recorded. `ejected` are
    the managed paths that the team has taken over.
    """

    source: str
    version: str
    plan: str
    values: Mapping[str, object]
    commit: str = ""
    ejected: frozenset[str] = frozenset()


def read_answers(service: Path, *, planned: bool = True) -> Answers:
    """Return the answers of the service in the folder `service`.

    With `planned` the file must name a plan; templates that are not Roadbed's have none. Raises
    UsageError when the file is missing or broken, CouldNotRunError when it cannot be read.
    """
    if not service.is_dir():
        raise UsageError(f"There is no folder {service}: name the folder of a generated service.")
    path = service / ANSWERS_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        around = next(
            (parent for parent in path.absolute().parents if (parent / ANSWERS_FILE).is_file()),
            None,
        )
        if around:
            raise UsageError(
                f"{path.parent.resolve()} is inside the service in {around}: run this there, or "
                "name that folder."
            ) from error
        raise UsageError(
            f"{path} does not exist: run this in the folder of a generated service, or restore "
            f"the file with `git checkout -- {ANSWERS_FILE}`; if git does not have it, "
            "`roadbed adopt` writes a new one."
        ) from error
    except OSError as error:
        raise CouldNotRunError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise broken_answers(path, "it is not UTF-8 text") from error
    return parse_answers(path, text, planned=planned)


def parse_answers(path: Path, text: str, *, planned: bool = True) -> Answers:
    """Return the answers in `text`, the content of `path`; raises as `read_answers` does."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise broken_answers(path, _where(error)) from error
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise broken_answers(path, "it is not a list of `key: value` lines")
    required = ("_src_path", "_commit", *(("plan",) if planned else ()))
    missing = [key for key in required if not isinstance(data.get(key), str)]
    if missing:
        raise broken_answers(path, f"`{missing[0]}` is missing or not text")
    values = {key: value for key, value in data.items() if not key.startswith("_")}
    ejected = data.get("ejected", [])
    if not isinstance(ejected, list) or not all(isinstance(name, str) for name in ejected):
        raise broken_answers(path, "`ejected` is not a list of paths")
    commit = str(data.get("_commit_hash") or "")
    return Answers(
        data["_src_path"],
        data["_commit"],
        str(data.get("plan", "")),
        values,
        commit,
        frozenset(ejected),
    )


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1} is not valid YAML" if mark else "it is not valid YAML"


def require_asked(answers: Answers, typed: Mapping[str, str]) -> None:
    """Raise UsageError when an answer was typed for a question that the service's plan lacks."""
    for key, answer in typed.items():
        if key not in answers.values:
            raise UsageError(
                f"The plan {answers.plan} has no question {key!r}: leave out -d {key}={answer}."
            )


def broken_answers(path: Path, why: str) -> UsageError:
    """Return the error for an answers file that cannot be used."""
    return UsageError(
        f"{path} is broken ({why}): restore it with `git checkout -- {ANSWERS_FILE}`, "
        "Copier writes it, so do not edit it by hand."
    )
