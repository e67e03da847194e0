"""The list of managed files with their contents' ids, so that drift is found offline.

`templates/<plan>/.roadbed/MANIFEST` is written from real renders (`python -m roadbed.manifest
--write`) and read in a service. One line a file, sorted by path: the id that git gives to the
bytes (`git hash-object`), two spaces, the path, and where the file exists only for some answer,
two spaces and `question=value`.
"""

import argparse
import hashlib
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from roadbed import ownership, questionnaire, sources
from roadbed.errors import CouldNotRunError, Exit, RoadbedError, UsageError
from roadbed.sources import Source

MANIFEST_FILE = ".roadbed/MANIFEST"
CONDITIONS = ("ci",)
_HEADER = (
    "# roadbed manifest 1. Managed by Roadbed: `git hash-object` and path of every managed file, "
    "and the answer it needs. Compare with `roadbed check`."
)
_LINE = re.compile(r"([0-9a-f]{40})  (\S(?:.*?\S)?)(?:  (\w+=\S+))?")


@dataclass(frozen=True, order=True)
class Entry:
    """One managed file; `condition` is `question=value`, or empty for a file that always exists."""

    path: str
    condition: str
    blob: str

    def __str__(self) -> str:
        return "  ".join(part for part in (self.blob, self.path, self.condition) if part)


def blob_id(content: bytes) -> str:
    """The id that git gives to a file of these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def read(service: Path) -> list[Entry]:
    """The entries of the service in the folder `service`; raises UsageError when unusable."""
    path = service / MANIFEST_FILE
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(
            f"{path} does not exist: restore it with `git checkout -- {MANIFEST_FILE}`."
        ) from error
    except OSError as error:
        raise CouldNotRunError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UsageError(
            f"{path} is broken ({error}): restore it with `git checkout -- {MANIFEST_FILE}`."
        ) from error


def parse(text: str) -> list[Entry]:
    """The entries written in `text`; raises ValueError naming the line that is none."""
    lines = text.splitlines()
    if not lines or not lines[0].startswith(_HEADER.partition(".")[0]):
        raise ValueError("line 1 does not name the format")
    return [_entry(number, line) for number, line in enumerate(lines[1:], 2)]


def _entry(number: int, line: str) -> Entry:
    parts = _LINE.fullmatch(line)
    if not parts:
        raise ValueError(f"line {number} is not an id and a path")
    path = PurePosixPath(parts[2])
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"line {number} leaves the service")
    return Entry(parts[2], parts[3] or "", parts[1])


def applies(entry: Entry, given: Mapping[str, object]) -> bool:
    """Whether a service that gave these answers has the file."""
    question, _, value = entry.condition.partition("=")
    return not entry.condition or str(given.get(question)) == value


def named(content: bytes) -> set[tuple[str, str]]:
    """Return path and blob of each file in manifests of any age, as far as lines can be read."""
    lines = content.decode(errors="replace").splitlines()
    return {(match[2], match[1]) for line in lines if (match := _LINE.fullmatch(line))}


def dump(entries: Iterable[Entry]) -> str:
    """The text of a manifest."""
    return "\n".join([_HEADER, *map(str, sorted(entries)), ""])


def build(source: Source, plan: str) -> list[Entry]:
    """The entries of `plan`, from one real render for every value of the conditional questions.

    Raises UsageError when a managed file is not the same in all of them: then it is not managed.
    """
    from roadbed.render import render  # noqa: PLC0415 (reading a manifest renders nothing)

    found: dict[str, dict[str, str]] = {}
    variants = list(_variants(source))
    for condition in variants:
        with tempfile.TemporaryDirectory(prefix="roadbed-") as scratch:
            folder = Path(scratch)
            answers = dict([condition.split("=")]) if condition else {}
            render(source, folder, {"plan": plan, **answers}, defaults=True)
            for path in managed_files(folder):
                found.setdefault(path, {})[condition] = blob_id((folder / path).read_bytes())
    return [entry for path in found for entry in _entries(path, found[path], len(variants))]


def _variants(source: Source) -> Iterator[str]:
    choices = questionnaire.read(source).choices
    values = [f"{name}={value}" for name in CONDITIONS for value in choices.get(name, ())]
    yield from values or [""]


def _entries(path: str, blobs: Mapping[str, str], variants: int) -> list[Entry]:
    if len(set(blobs.values())) > 1:
        raise UsageError(
            f"{path} is managed but differs between {' and '.join(blobs)}: give it the same "
            f"bytes, or another class in {ownership.OWNERSHIP_FILE}."
        )
    if len(blobs) == variants:
        return [Entry(path, "", next(iter(blobs.values())))]
    return [Entry(path, condition, blob) for condition, blob in blobs.items()]


def managed_files(folder: Path) -> Iterator[str]:
    """The managed paths of the service in `folder`, the manifest itself excepted."""
    owners = ownership.read(folder)
    roots = [folder / root for root in owners.roots("managed")] or [folder]
    for path in {path for root in roots for path in (root, *root.rglob("*"))}:
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MANIFEST_FILE and owners.classify(name) == "managed":
            yield name


def main(arguments: Sequence[str]) -> int:
    """Write the manifests of the checkout's plans, or with `--check` name those that are stale."""
    parser = argparse.ArgumentParser("python -m roadbed.manifest", description=main.__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true")
    mode.add_argument("--check", action="store_true")
    parser.add_argument("--source", default=None, help="the checkout [default: this one]")
    options = parser.parse_args(arguments)
    stale = False
    for path, text in _all(sources.resolve(options.source, "HEAD")):
        current = path.read_text(encoding="utf-8") if path.is_file() else ""
        if options.write:
            path.write_text(text, encoding="utf-8", newline="\n")
        elif current != text:
            stale = True
            sys.stderr.write(f"{path} is stale: run `python -m roadbed.manifest --write`.\n")
    return Exit.FINDINGS if stale else Exit.FINE


def _all(source: Source) -> Iterator[tuple[Path, str]]:
    if source.folder is None:
        raise UsageError(f"{source.url} is not a checkout on this machine: clone it first.")
    with tempfile.TemporaryDirectory(prefix="roadbed-") as scratch:
        still = sources.snapshot(source, Path(scratch))
        for plan in questionnaire.read(still).plans:
            text = dump(build(still, plan))
            yield source.folder / "templates" / plan / MANIFEST_FILE, text


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except RoadbedError as mistake:
        sys.exit(f"roadbed: {mistake}")
