"""The differences between managed files and the template's bytes, in unified format."""

import difflib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from roadbed.drift.findings import RESTORABLE, Finding
from roadbed.drift.restore import template_bytes
from roadbed.errors import CouldNotRunError

_NO_END = "\\ No newline at end of file"


def unified_diffs(folder: Path, findings: Iterable[Finding]) -> dict[str, list[str]]:
    """Return the lines of the difference for each managed file that differs from the template.

    A missing file is shown as deleted; a binary file is only named. Raises CouldNotRunError when
    the template's bytes are not available, or a file cannot be read.
    """
    restorable = [finding for finding in findings if finding.state in RESTORABLE]
    content = template_bytes(folder, (finding.blob for finding in restorable)) if restorable else {}
    return {
        finding.path: list(_lines(folder, finding, content[finding.blob])) for finding in restorable
    }


def _lines(folder: Path, finding: Finding, template: bytes) -> Iterator[str]:
    path, place = finding.path, folder / finding.path
    if finding.detail:  # a file behind a link is not part of the service
        yield f"{path} is {finding.detail}"
        return
    if place.is_symlink() or place.is_dir():
        kind = "link" if place.is_symlink() else "folder"
        yield f"{path} is a {kind} here, and a file in the template"
        return
    current = _read(place)
    name = "/dev/null" if current is None else f"yours/{path}"
    yield from diff_lines(template, current or b"", f"template/{path}", name)


def diff_lines(before: bytes, after: bytes, old_name: str, new_name: str) -> Iterator[str]:
    """Yield the lines of the difference between two contents; one line for binary files."""
    old, new = _text(before), _text(after)
    if old is None or new is None:
        yield f"Binary files {old_name} and {new_name} differ"
        return
    for line in difflib.unified_diff(old, new, old_name, new_name):
        yield line.removesuffix("\n")
        if not line.endswith("\n"):
            yield _NO_END


def _read(place: Path) -> bytes | None:
    try:
        return place.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CouldNotRunError(f"{place} cannot be read: {error.strerror}.") from error


def _text(content: bytes) -> list[str] | None:
    """Return the lines of a text in UTF-8, each with its end; None for anything else."""
    if b"\0" in content:
        return None
    try:  # `splitlines` would also end a line at a form feed
        return io.StringIO(content.decode(), newline="\n").readlines()
    except UnicodeDecodeError:
        return None
