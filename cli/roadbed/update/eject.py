"""Handing managed files over to the team, and back: an answer that every operation respects."""

import itertools
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from roadbed.drift.compare import expected_entries
from roadbed.errors import UsageError
from roadbed.git.objects import FILE
from roadbed.git.worktree import FileContent, replace_file
from roadbed.service.answers import ANSWERS_FILE, read_answers
from roadbed.service.interruption import require_no_interruption
from roadbed.service.manifest import MANIFEST_FILE, read_manifest
from roadbed.service.ownership import OWNERSHIP_FILE

_NEEDED = (MANIFEST_FILE, OWNERSHIP_FILE)


@dataclass(frozen=True)
class Handover:
    """The `paths` of the service in `folder` that changed hands; `undone` when they came back."""

    folder: Path
    paths: tuple[str, ...]
    undone: bool


def eject_files(files: Sequence[Path], *, undo: bool) -> Handover:
    """Record that these managed files are the team's own, or with `undo` the platform's again.

    The files themselves stay as they are; the service is the one they lie in. Raises UsageError
    when one is not managed, is needed to know the others, or has changed hands already.
    """
    folder = _service(files[0])
    require_no_interruption(folder)
    answers = read_answers(folder)
    paths = tuple(dict.fromkeys(_inside(folder, file) for file in files))
    if undo:
        _refuse_unknown(paths, answers.ejected)
    else:
        compared = expected_entries(folder, read_manifest(folder), answers)
        _refuse(paths, {entry.path for entry in compared}, answers.ejected)
    ejected = answers.ejected - {*paths} if undo else answers.ejected | {*paths}
    _record(folder, sorted(ejected))
    return Handover(folder, paths, undo)


def _service(file: Path) -> Path:
    """The service that the file lies in, which may be missing; the folder of now where none is."""
    parents = Path(os.path.abspath(file)).parents  # noqa: PTH100 (a link is not followed)
    services = (parent for parent in parents if (parent / ANSWERS_FILE).is_file())
    return next(services, Path.cwd())


def _inside(folder: Path, file: Path) -> str:
    return Path(os.path.relpath(file, folder)).as_posix()


def _refuse(paths: Iterable[str], managed: set[str], ejected: frozenset[str]) -> None:
    for path in paths:
        if path in _NEEDED:
            raise UsageError(
                f"{path} cannot be ejected: it lists the other managed files. "
                " Name the file that you want to change."
            )
        if path in ejected:
            raise UsageError(
                f"{path} is ejected already: edit it, or give it back with "
                f"`roadbed eject --undo {path}`."
            )
        if path not in managed:
            raise UsageError(
                f"{path} is not managed, so it is yours as it is: {MANIFEST_FILE} lists "
                "what can be ejected."
            )


def _refuse_unknown(paths: Iterable[str], ejected: frozenset[str]) -> None:
    for path in paths:
        if path not in ejected:
            listed = ", ".join(sorted(ejected)) or "nothing"
            raise UsageError(f"{path} is not ejected, so there is no undoing: {listed} is.")


def _record(folder: Path, ejected: Sequence[str]) -> None:
    """Change the answer in the file of answers, and leave the file as Copier would write it."""
    text = (folder / ANSWERS_FILE).read_text(encoding="utf-8")
    comments = itertools.takewhile(
        lambda line: line.startswith("#"), text.splitlines(keepends=True)
    )
    data = {**yaml.safe_load(text), "ejected": list(ejected)}
    # what the filter `to_nice_yaml` does, with which the template writes them
    body = yaml.dump(data, indent=4, allow_unicode=True, default_flow_style=False)
    content = "".join([*comments, body]).encode()
    replace_file(folder, ANSWERS_FILE, FileContent(FILE, content))
