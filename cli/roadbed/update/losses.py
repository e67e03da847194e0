"""Lost edits: lines that a team wrote and that an update removed.

The team's edits are the difference between a version's files and the team's. Every edited line has
to be in the same file after the update, or newly in another one. A binary file or a link has to
exist unchanged under any path. A changed permission has to stay.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from roadbed.git.objects import LINK
from roadbed.git.worktree import FileContent

_Files = Mapping[str, FileContent]


@dataclass(frozen=True)
class Loss:
    """The lost part of the file `path`: lines, or a `description` where there are no lines."""

    path: str
    lines: tuple[str, ...] = ()
    description: str = ""

    def __str__(self) -> str:
        return self.description or f"{len(self.lines)} line{'s' if len(self.lines) > 1 else ''}"

    def lines_for_people(self) -> Iterator[str]:
        """Yield a line for the file, and one for each lost line."""
        yield f"  {self.path}: {self}"
        for line in self.lines:
            # a terminal would obey an escape sequence
            yield "    " + "".join(c if c.isprintable() else "·" for c in line.strip()[:74])

    def data(self) -> dict[str, object]:
        """Return the loss as JSON data."""
        return {"path": self.path, "lines": list(self.lines), "description": self.description}


def find_losses(base: _Files, before: _Files, after: _Files) -> tuple[Loss, ...]:
    """Return the team's edits (from `base` to `before`) that `after` does not have.

    Each argument maps paths to files. Pass the files that differ between `before` and `after`; and
    in `base` also the files that the team moved away, because their lines are not the team's.
    """
    edited = sorted(path for path, file in before.items() if file != base.get(path))
    losses = (_loss(path, base, before, after) for path in edited)
    return tuple(loss for loss in losses if loss)


def _loss(path: str, base: _Files, before: _Files, after: _Files) -> Loss | None:
    was, now = before[path], after.get(path)
    if was == now or was in after.values():
        return None
    if _is_whole(was):
        return Loss(path, description="a link" if was.mode == LINK else "a binary file")
    lines = tuple(_missing_lines(path, base, before, after))
    if lines:
        return Loss(path, lines)
    if now is None and path not in base:
        return Loss(path, description="the file")
    if now and now.mode != was.mode and was.mode != _mode(base.get(path)):
        return Loss(path, description="its changed executable bit")
    return None


def _missing_lines(path: str, base: _Files, before: _Files, after: _Files) -> Iterator[str]:
    known = _lines(base.get(path)) if path in base else _moved(base, before)
    written = _lines(before[path]) - known
    missing = written - _lines(after.get(path))
    for other, file in after.items():
        if missing and other != path and not _is_whole(file):
            missing -= _lines(file) - _lines(before.get(other))
    for line in missing.elements():
        if line.strip():
            yield line.decode("utf-8", "backslashreplace")


def _moved(base: _Files, before: _Files) -> Counter[bytes]:
    """Return the lines of the version's files that the team moved or deleted."""
    gone = (_lines(file) for path, file in base.items() if path not in before)
    return sum(gone, Counter[bytes]())


def _is_whole(file: FileContent) -> bool:
    """Return whether a file is a link or binary; like git, a NUL byte means binary."""
    return file.mode == LINK or b"\0" in file.content


def _lines(file: FileContent | None) -> Counter[bytes]:
    return Counter(file.content.split(b"\n")) if file and not _is_whole(file) else Counter()


def _mode(file: FileContent | None) -> str:
    return file.mode if file else ""
