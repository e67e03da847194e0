"""Release notes as data: the changes of a release, for which answers, and what a service must do.

They are in `releases/` of the template repository: one file for each release, named by its version,
and `next.toml` for changes that are not released yet. Reading them renders nothing and needs no
network.
"""

import math
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from roadbed.errors import UsageError
from roadbed.git.objects import Store, parse_tree
from roadbed.template.source import version_numbers

FOLDER = "releases"
NEXT = "next.toml"
# in the order in which a reader should see them
KINDS = ("security", "removed", "changed", "fixed", "added")
_ENTRY = ("kind", "summary", "applies", "do")


@dataclass(frozen=True)
class Change:
    """`summary` is the change in behavior; `do` says what a service must do about it, or is empty.

    `applies` lists the answers that it is for, by question; empty means all services.
    """

    kind: str
    summary: str
    applies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    do: str = ""

    def concerns(self, answers: Mapping[str, object]) -> bool:
        """Return whether the change concerns a service with these answers; a missing answer means
        no.
        """
        return all(answers.get(question) in wanted for question, wanted in self.applies.items())


@dataclass(frozen=True)
class Release:
    """The changes of one version; version and date are empty for changes not released yet."""

    version: str
    date: date | None
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class ReleaseNotes:
    """The notes in one state of the template repository: file names, and the text of each file."""

    names: tuple[str, ...]
    text: Callable[[str], str]

    def release(self, name: str) -> Release:
        """Return the notes in the file `name`; raises UsageError as `parse` does."""
        return parse(self.text(name), name)

    def releases(self) -> list[Release]:
        """Return all notes, oldest release first, unreleased ones last."""
        return [self.release(name) for name in sorted(self.names, key=_place)]


def in_commit(store: Store, commit: str) -> ReleaseNotes:
    """Return the notes in a commit of the template repository; `store` has its objects."""
    listing = store.run("ls-tree", "-z", "--full-tree", commit, f"{FOLDER}/")
    blobs = {
        path.removeprefix(f"{FOLDER}/"): entry.blob
        for path, entry in parse_tree(listing).items()
        if path.endswith(".toml")
    }
    return ReleaseNotes(
        tuple(blobs),
        lambda name: store.read([blobs[name]])[blobs[name]].decode(errors="replace"),
    )


def in_checkout(checkout: Path) -> ReleaseNotes:
    """Return the notes in the files of a checkout."""
    folder = checkout / FOLDER
    names = tuple(path.name for path in folder.glob("*.toml"))
    return ReleaseNotes(names, lambda name: (folder / name).read_text(encoding="utf-8"))


def between(recorded: ReleaseNotes, target: ReleaseNotes) -> list[Release]:
    """Return the notes of `target` that are new since `recorded`, oldest release first.

    A service made between two releases already has a part of the next one's notes.
    """
    known = recorded.release(NEXT).changes if NEXT in recorded.names else ()
    names = {name for name in target.names if name == NEXT or name not in recorded.names}
    releases = [target.release(name) for name in sorted(names, key=_place)]
    return _keep(releases, lambda change: change not in known)


def applying(releases: Iterable[Release], answers: Mapping[str, object]) -> list[Release]:
    """Return the releases with the changes that concern these answers; empty ones are dropped.

    `answers` are those that the new version records, so that a new question counts.
    """
    return _keep(releases, lambda change: change.concerns(answers))


def parse(text: str, name: str) -> Release:
    """Return the release in `text`, the content of the file `name`.

    Raises UsageError that names the file, and the number of the broken change counted from 1.
    """
    place = f"{FOLDER}/{name}"
    version = "" if name == NEXT else name.removesuffix(".toml")
    if version and not version_numbers(version):
        raise UsageError(f"{place} is not named after a release: call it 1.2.0.toml or {NEXT}.")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{place} is not valid TOML: {error}.") from error
    _refuse_unknown(place, tables, ("date", "change") if version else ("change",))
    entries = tables.get("change", [])
    if not isinstance(entries, list):
        raise UsageError(f"{place} has one table for all changes: begin each with [[change]].")
    changes = (_change(f"{place}, change {n}", entry) for n, entry in enumerate(entries, 1))
    return Release(version, _date(place, tables) if version else None, tuple(changes))


def _keep(releases: Iterable[Release], wanted: Callable[[Change], bool]) -> list[Release]:
    kept = [
        Release(release.version, release.date, tuple(filter(wanted, release.changes)))
        for release in releases
    ]
    return [release for release in kept if release.changes]


def _place(name: str) -> tuple[float, ...]:
    return (math.inf,) if name == NEXT else version_numbers(name.removesuffix(".toml"))


def _date(place: str, tables: Mapping[str, object]) -> date:
    day = tables.get("date")
    if not isinstance(day, date) or isinstance(day, datetime):
        raise UsageError(f"{place} needs a date, as in `date = 2026-01-31`.")
    return day


def _change(place: str, entry: object) -> Change:
    if not isinstance(entry, dict):
        raise UsageError(f"{place} is not a table: begin it with [[change]].")
    _refuse_unknown(place, entry, _ENTRY)
    if entry.get("kind") not in KINDS:
        raise UsageError(f"{place} needs a `kind`: one of {', '.join(KINDS)}.")
    summary = " ".join(_text(place, entry, "summary").split())
    do = _text(place, entry, "do").strip("\n") if "do" in entry else ""
    return Change(entry["kind"], summary, _applies(place, entry.get("applies", {})), do)


def _refuse_unknown(place: str, table: Mapping[str, object], known: Sequence[str]) -> None:
    for key in table:
        if key not in known:
            raise UsageError(f"{place} has an unknown key {key!r}: write {' or '.join(known)}.")


def _text(place: str, entry: Mapping[str, object], key: str) -> str:
    text = entry.get(key)
    if not isinstance(text, str) or not text.strip():
        raise UsageError(f"{place} needs a `{key}`: one or two sentences.")
    # a terminal would obey an escape sequence
    if not all(line.isprintable() for line in text.splitlines()):
        raise UsageError(f"{place} has a control character in its `{key}`: take it out.")
    return text


def _applies(place: str, table: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(table, dict):
        raise UsageError(f'{place} needs questions: write `applies.plan = ["hybrid"]`.')
    return {question: _values(place, question, values) for question, values in table.items()}


def _values(place: str, question: str, values: object) -> tuple[str, ...]:
    if not values or not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise UsageError(
            f"{place} needs a list of answers for {question}: "
            f'write `applies.{question} = ["one", "other"]`.'
        )
    return tuple(values)
