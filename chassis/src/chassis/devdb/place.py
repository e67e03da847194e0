"""Where a checkout's database lives and which user runs it."""

import hashlib
import os
import pwd
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from chassis.devdb.errors import DevDbError

# sun_path has 108 bytes on Linux and 104 on macOS, each with a closing NUL
LONGEST_SOCKET = 103
SOCKET = ".s.PGSQL.5432"
ROOT_CACHE = Path("/var/cache/roadbed")
_UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """The existing system user that the server runs as."""

    uid: int
    gid: int
    name: str


@dataclass(frozen=True)
class Place:
    """The folders of one checkout's database; making one touches nothing.

    `home` belongs to this user. `sockets` and `data` belong to `account`, which is None except
    for root: PostgreSQL refuses to run as root, so the server runs as another user.
    """

    checkout: Path
    home: Path
    sockets: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """The server's log since its last start."""
        return self.home / "server.log"


def place(checkout: Path) -> Place:
    """Compute the place of `checkout`'s database.

    It depends only on the path, so that every process finds the same one. Two checkouts have two
    databases, and a checkout that moves gets a new one.
    """
    root = checkout.resolve()
    account = _account() if os.geteuid() == 0 else None
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    readable = re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-")[:24]
    home = cache_root(account) / "databases" / f"{readable or 'service'}-{digest}"
    return Place(checkout=root, home=home, sockets=_sockets(home, digest), account=account)


def cache_root(account: Account | None) -> Path:
    """Return the cache folder.

    For root it is a folder that `account` can reach: root's home is closed to it, and this package
    does not change the rights of folders that it did not make.
    """
    chosen = Path(os.environ.get("XDG_CACHE_HOME") or "")
    if account:
        usable = chosen.is_absolute() and chosen.is_dir() and can_enter(chosen, account)
        return chosen / "roadbed" if usable else ROOT_CACHE
    return (chosen if chosen.is_absolute() else _user_home() / ".cache") / "roadbed"


def can_enter(folder: Path, account: Account) -> bool:
    """Return whether `account` may enter `folder` and every folder above it."""
    resolved = folder.resolve()
    return all(_may_pass(item.stat(), account) for item in (resolved, *resolved.parents))


def make_folder(folder: Path, *, mode: int, owner: Account | None = None) -> None:
    """Make `folder` and its parents if they do not exist, and check that it is safe to use.

    Raises DevDbError when that is impossible, or when another user could have made the folder.
    """
    try:
        _make_parents(folder.parent)
        if not folder.is_symlink() and not folder.exists():
            _make(folder, mode, owner)
        status = folder.lstat()
    except OSError as error:
        raise unwritable(folder, error) from error
    expected = owner.uid if owner else os.geteuid()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != expected or status.st_mode & 0o022:
        raise DevDbError(
            f"{folder} does not belong to the development database alone (another user owns it or "
            "may write to it): remove it and try again, or set DATABASE_URL."
        )


def unwritable(path: Path, error: OSError) -> DevDbError:
    """Return the error for a cache that cannot be written."""
    return DevDbError(
        f"The development database cannot write {path} ({error.strerror or error}): set "
        "XDG_CACHE_HOME to a folder you can write, or DATABASE_URL to a PostgreSQL you have."
    )


def _make_parents(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_parents(folder.parent)
    # the server's user passes through the ones that root makes, whatever the umask
    _make(folder, 0o755 if os.geteuid() == 0 else 0o700, None)


def _make(folder: Path, mode: int, owner: Account | None) -> None:
    try:
        folder.mkdir(mode=mode)
    except FileExistsError:
        # another process made it at the same time; the caller checks it
        return
    # the umask may have taken away bits that the server's user needs
    folder.chmod(mode)
    if owner:
        os.chown(folder, owner.uid, owner.gid)


def _account() -> Account:
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name)
    raise DevDbError(
        "PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody: "
        "work as an ordinary user, or set DATABASE_URL."
    )


def _user_home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise DevDbError(
            "The development database has no folder for its data, because HOME is not set and your "
            "user has no entry on this machine: set XDG_CACHE_HOME, or DATABASE_URL."
        ) from error


def _sockets(home: Path, digest: str) -> Path:
    usual = home / "run"
    # libpq reads a comma as the end of a host's name
    if len(os.fsencode(usual / SOCKET)) <= LONGEST_SOCKET and "," not in str(usual):
        return usual
    # not TMPDIR: it is long itself on some systems and differs between a user's processes
    return Path("/tmp") / f"roadbed-{os.geteuid()}-{digest}"  # noqa: S108 - make_folder checks it


def _may_pass(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
