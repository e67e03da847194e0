"""What a team may do to the files of its service, chosen by numbers so that a failure shrinks.

Every edit leaves a token of its own where it can: whoever looks for what was lost counts tokens,
and needs to understand neither the merge nor the audit.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.update.services import Files, files, roadbed

ANSWERS = ".copier-answers.yml"
FOLDERS = (
    "ours",
    "web",
    "api",
    ".roadbed",
    ".roadbed/scripts",
    ".roadbed/tools",
    ".roadbed/chassis/src/chassis",
    ".github/workflows",
    "Größe und Maß",
)


@dataclass(frozen=True)
class Place:
    """Where an edit happens: a file of the service, a token, and a number for further choices.

    `coming` are files of the newest release, which a team may have before it arrives.
    """

    service: Path
    path: str
    token: str
    number: int
    coming: Files

    @property
    def file(self) -> Path:
        """The file itself."""
        return self.service / self.path

    def folder(self) -> Path:
        """Some folder of the service, of any class, which then exists."""
        return self.made(FOLDERS[self.number % len(FOLDERS)])

    def made(self, name: str) -> Path:
        """A folder of the service; where a file stands in its place, another."""
        folder = self.service / name
        while any(place.is_symlink() or place.is_file() for place in (folder, *folder.parents)):
            folder = self.service / f"ours-{self.token}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def line(self) -> bytes:
        """A line that only this edit has."""
        return f"# {self.token}\n".encode()


Edit = Callable[[Place], None]


def _lines(place: Place) -> list[bytes]:
    return [] if place.file.is_symlink() else place.file.read_bytes().splitlines(keepends=True)


def _insert(place: Place, line: bytes) -> None:
    lines = _lines(place)
    at = place.number % (len(lines) + 1)
    _write(place, b"".join([*lines[:at], line, *lines[at:]]))


def _write(place: Place, content: bytes) -> None:
    if place.file.is_symlink():
        place.file.unlink()
    place.file.write_bytes(content)


def insert(place: Place) -> None:
    """A line anywhere."""
    _insert(place, place.line())


def insert_latin1(place: Place) -> None:
    """A line that is not UTF-8."""
    _insert(place, f"# caf\xe9 {place.token}\n".encode("latin-1"))


def insert_spaces(place: Place) -> None:
    """A line that ends with spaces, which `apply.whitespace` would take away."""
    _insert(place, f"# {place.token} \t \n".encode())


def append(place: Place) -> None:
    """A last line that does not end."""
    _write(place, b"".join([*_lines(place), place.line().strip()]))


def replace_line(place: Place) -> None:
    """Another line in the place of one."""
    lines = _lines(place) or [b""]
    lines[place.number % len(lines)] = place.line()
    _write(place, b"".join(lines))


def delete_line(place: Place) -> None:
    """A line less."""
    lines = _lines(place) or [b""]
    del lines[place.number % len(lines)]
    _write(place, b"".join(lines))


def rewrite(place: Place) -> None:
    """Nothing left of what was there."""
    _write(place, place.line() * 3)


def windows_lines(place: Place) -> None:
    """Every line ends with CR and LF, the token's too."""
    content = b"".join([place.line(), *_lines(place)])
    _write(place, content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


def binary(place: Place) -> None:
    """Bytes that are no text."""
    _write(place, b"\0\xff\xfe" + place.line())


def link(place: Place) -> None:
    """A link in the place of a file."""
    place.file.unlink()
    place.file.symlink_to(f"target-{place.token}")


def permission(place: Place) -> None:
    """The other permission."""
    if not place.file.is_symlink():
        place.file.chmod(place.file.stat().st_mode ^ 0o111)


def delete(place: Place) -> None:
    """The file is gone."""
    place.file.unlink()


def rename(place: Place) -> None:
    """The same file under another name."""
    place.file.rename(place.file.with_name(f"{place.token}-{place.file.name}"))


def move(place: Place) -> None:
    """The same file in a folder of any class."""
    place.file.rename(place.folder() / f"{place.token}-{place.file.name}")


def move_folder(place: Place) -> None:
    """A whole folder under another name."""
    if "/" in place.path:
        place.file.parent.rename(place.service / f"ours-{place.token}")


def add(place: Place) -> None:
    """A new file in a folder of any class, executable at times."""
    path = place.folder() / f"{place.token} neü.txt"
    path.write_bytes(place.line() * 5)
    path.chmod(0o755 if place.number % 2 else 0o644)


def add_odd_name(place: Place) -> None:
    """A new file whose name has to be quoted wherever names are listed."""
    (place.made("ours") / f'{place.token}\t"odd"\n*[a]\\.txt').write_bytes(place.line())


def add_what_comes(place: Place) -> None:
    """A file that a later release brings, with the team's own content."""
    path = _coming(place)
    if not os.path.lexists(place.service / path):
        (place.made(str(Path(path).parent)) / Path(path).name).write_bytes(place.line() * 4)


def block_what_comes(place: Place) -> None:
    """A folder where a later release has a file, or a file where it has a folder."""
    path = place.service / _coming(place)
    if place.number % 2 and not os.path.lexists(path.parent):
        (place.made(str(path.parent.parent)) / path.parent.name).write_bytes(place.line())
    elif not os.path.lexists(path):
        (place.made(str(path)) / "inside.txt").write_bytes(place.line())


def become_folder(place: Place) -> None:
    """A folder in the place of the file, with the file in it."""
    name = place.file.name
    place.file.rename(place.service / place.token)
    place.file.mkdir()
    (place.service / place.token).rename(place.file / name)


def take_what_comes(place: Place) -> None:
    """The bytes of a later release, taken by hand before it."""
    path = _coming(place)
    target = place.made(str(Path(path).parent)) / Path(path).name
    if not target.is_dir():
        target.unlink(missing_ok=True)
        target.write_bytes(place.coming[path][1])


def eject(place: Place) -> None:
    """A managed file becomes the team's own; of others the command says that they are already."""
    roadbed("eject", place.file)


def _coming(place: Place) -> str:
    paths = sorted(set(place.coming) - {ANSWERS})
    return paths[place.number % len(paths)]


EDITS: Mapping[str, Edit] = {
    edit.__name__: edit
    for edit in (
        insert,
        insert_latin1,
        insert_spaces,
        append,
        replace_line,
        delete_line,
        rewrite,
        windows_lines,
        binary,
        link,
        permission,
        delete,
        rename,
        move,
        move_folder,
        add,
        add_odd_name,
        add_what_comes,
        block_what_comes,
        become_folder,
        take_what_comes,
        eject,
    )
}


def candidates(service: Path) -> list[str]:
    """The files that may be edited; the answers file is Copier's, and edited by nobody."""
    return [path for path in files(service) if path != ANSWERS]
