"""The list of managed files with their contents' ids, so that drift is found offline.

`roadbed.template.build_manifest` writes `templates/<plan>/.roadbed/MANIFEST`, and the CLI reads it
in a service. One line for each file, sorted by path: the id that git gives to the bytes (`git
hash-object`), two spaces, the path, and for a file that exists only with some answer, two spaces
and `question=value`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from roadbed.errors import CouldNotRunError, UsageError
from roadbed.service.ownership import read_ownership

MANIFEST_FILE = ".roadbed/MANIFEST"
_HEADER = (
    "# roadbed manifest 1. Managed by Roadbed: `git hash-object` and path of every managed file, "
    "and the answer it needs. Compare with `roadbed check`."
)
_LINE = re.compile(r"([0-9a-f]{40})  (\S(?:.*?\S)?)(?:  (\w+=\S+))?")


@dataclass(frozen=True, order=True)
class ManifestEntry:
    """One managed file; `condition` is `question=value`, or empty for a file that always exists."""

    path: str
    condition: str
    blob: str

    def __str__(self) -> str:
        return "  ".join(part for part in (self.blob, self.path, self.condition) if part)


def read_manifest(service: Path) -> list[ManifestEntry]:
    """Return the entries of the service in the folder `service`; raises UsageError when
    unusable.
    """
    path = service / MANIFEST_FILE
    try:
        return parse_manifest(path.read_text(encoding="utf-8"))
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


def parse_manifest(text: str) -> list[ManifestEntry]:
    """Return the entries in `text`; raises ValueError naming the first invalid line."""
    lines = text.splitlines()
    if not lines or not lines[0].startswith(_HEADER.partition(".")[0]):
        raise ValueError("line 1 does not name the format")
    return [_entry(number, line) for number, line in enumerate(lines[1:], 2)]


def _entry(number: int, line: str) -> ManifestEntry:
    parts = _LINE.fullmatch(line)
    if not parts:
        raise ValueError(f"line {number} is not an id and a path")
    path = PurePosixPath(parts[2])
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"line {number} leaves the service")
    return ManifestEntry(parts[2], parts[3] or "", parts[1])


def applies(entry: ManifestEntry, answers: Mapping[str, object]) -> bool:
    """Return whether a service with these answers has the file."""
    question, _, value = entry.condition.partition("=")
    return not entry.condition or str(answers.get(question)) == value


def named_files(content: bytes) -> set[tuple[str, str]]:
    """Return path and blob of each file in manifests of any age, as far as lines can be read."""
    lines = content.decode(errors="replace").splitlines()
    return {(match[2], match[1]) for line in lines if (match := _LINE.fullmatch(line))}


def manifest_text(entries: Iterable[ManifestEntry]) -> str:
    """Return the text of a manifest."""
    return "\n".join([_HEADER, *map(str, sorted(entries)), ""])


def managed_files(folder: Path) -> Iterator[str]:
    """Yield the managed paths of the service in `folder`, except the manifest itself."""
    owners = read_ownership(folder)
    roots = [folder / root for root in owners.roots("managed")] or [folder]
    for path in {path for root in roots for path in (root, *root.rglob("*"))}:
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MANIFEST_FILE and owners.classify(name) == "managed":
            yield name
