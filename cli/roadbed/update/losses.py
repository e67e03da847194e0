"""Lost edits: lines that a team wrote and that are gone after an update, whoever made it.

What a team wrote is the difference between a version's files and the team's. Every line of it has
to be in the same file afterwards, or newly in another one; what git would call binary, and links,
have to be somewhere as they were; a permission has to stay.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from roadbed.git.objects import LINK
from roadbed.git.worktree import FileContent

_Files = Mapping[str, FileContent]


@dataclass(frozen=True)
class Loss:
    """Of the file `path`, what is gone: these lines, or (where there are none) `what`."""

    path: str
    lines: tuple[str, ...] = ()
    what: str = ""

    def __str__(self) -> str:
        return self.what or f"{len(self.lines)} line{'s' if len(self.lines) > 1 else ''}"

    def lines_for_people(self) -> Iterator[str]:
        """The loss for people: a line for the file, and one for each line that is gone."""
        yield f"  {self.path}: {self}"
        for line in self.lines:
            # a terminal would obey an escape sequence
            yield "    " + "".join(c if c.isprintable() else "·" for c in line.strip()[:74])

    def data(self) -> dict[str, object]:
        """The loss for machines."""
        return {"path": self.path, "lines": list(self.lines), "description": self.what}


def find_losses(base: _Files, before: _Files, after: _Files) -> tuple[Loss, ...]:
    """What the team's files `before` had beyond `base`, and the files `after` have nowhere.

    Each maps paths to files. Needed are those that differ between `before` and `after`, and of
    `base` also those that the team moved away: what was in them is not the team's elsewhere.
    """
    edited = sorted(path for path, it in before.items() if it != base.get(path))
    found = (_loss(path, base, before, after) for path in edited)
    return tuple(loss for loss in found if loss)


def _loss(path: str, base: _Files, before: _Files, after: _Files) -> Loss | None:
    was, now = before[path], after.get(path)
    if was == now or was in after.values():
        return None
    if _is_whole(was):
        return Loss(path, what="a link" if was.mode == LINK else "a binary file")
    lines = tuple(_missing_lines(path, base, before, after))
    if lines:
        return Loss(path, lines)
    if now is None and path not in base:
        return Loss(path, what="the file")
    if now and now.mode != was.mode and was.mode != _mode(base.get(path)):
        return Loss(path, what="its permission to be executed, or its being none")
    return None


def _missing_lines(path: str, base: _Files, before: _Files, after: _Files) -> Iterator[str]:
    known = _lines(base.get(path)) if path in base else _moved(base, before)
    theirs = _lines(before[path]) - known
    missing = theirs - _lines(after.get(path))
    for other, it in after.items():
        if missing and other != path and not _is_whole(it):
            missing -= _lines(it) - _lines(before.get(other))
    for line in missing.elements():
        if line.strip():
            yield line.decode("utf-8", "backslashreplace")


def _moved(base: _Files, before: _Files) -> Counter[bytes]:
    """The lines of files that are no longer where the version put them."""
    gone = (_lines(it) for path, it in base.items() if path not in before)
    return sum(gone, Counter[bytes]())


def _is_whole(file: FileContent) -> bool:
    """Whether a file has no lines to compare; git's own test for binary looks for a NUL as well."""
    return file.mode == LINK or b"\0" in file.content


def _lines(file: FileContent | None) -> Counter[bytes]:
    return Counter(file.content.split(b"\n")) if file and not _is_whole(file) else Counter()


def _mode(file: FileContent | None) -> str:
    return file.mode if file else ""
