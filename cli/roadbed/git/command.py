"""Running git, and turning its failures into errors."""

import os
import subprocess
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path

from roadbed.errors import CouldNotRunError, UsageError

# A hook or an alias exports these; they would send every command to another repository.
_LOCAL = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
)


class GitError(CouldNotRunError):
    """git refused; `reason` is the last line it wrote."""

    def __init__(self, command: str, reason: str) -> None:
        super().__init__(f"`git {command}` failed: {reason}.")
        self.reason = reason


def clear_git_environment() -> None:
    """Remove the variables that tie git to the calling repository from this process."""
    for name in _LOCAL:
        os.environ.pop(name, None)


def run_git(*arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Return git's standard output without the last newline; raises GitError when git fails."""
    printed = git_output(*arguments, cwd=cwd, env=env).decode(errors="replace")
    return printed.replace("\r\n", "\n").removesuffix("\n")


def git_output(
    *arguments: str,
    cwd: Path | None = None,
    env: Mapping[str, str | None] | None = None,
    stdin: bytes = b"",
    fine: Container[int] = (0,),
) -> bytes:
    """Return git's standard output unchanged; raises GitError unless its exit code is `fine`.

    `stdin` is git's input. `env` is added to the environment; None removes a variable from it.
    """
    whole = {**os.environ, **(env or {})}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd,
            env={name: value for name, value in whole.items() if value is not None},
            input=stdin,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise CouldNotRunError(
            "git is not on PATH: install git and run the same command again."
        ) from error
    if done.returncode not in fine:
        printed = done.stderr.decode(errors="replace").strip().splitlines()
        verb = next(word for word in arguments if not word.startswith("-") and "=" not in word)
        raise GitError(verb, _reason(printed or [f"exit code {done.returncode}"]))
    return done.stdout


def _reason(lines: list[str]) -> str:
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (fatal or lines)[0].removeprefix("fatal: ").removeprefix("error: ").rstrip(".")


def require_identity(env: Mapping[str, str]) -> None:
    """Raise UsageError when git has no name and email for a commit; call before writing.

    `env` is added to the environment, as it will be for the commit.
    """
    try:
        run_git("var", "GIT_AUTHOR_IDENT", env=env)
        run_git("var", "GIT_COMMITTER_IDENT", env=env)
    except GitError as error:
        raise UsageError(
            "git has no name and email for you, so it cannot make the first commit: run "
            '`git config --global user.name "Your Name"` and '
            "`git config --global user.email you@example.com`, then the same command again."
        ) from error


def enclosing_repository(folder: Path) -> Path | None:
    """Return the root of the repository that `folder` would be committed to, or None.

    A folder that the surrounding repository ignores is not part of it.
    """
    existing = next(path for path in (folder, *folder.parents) if path.is_dir())
    try:
        root = run_git("rev-parse", "--show-toplevel", cwd=existing)
    except GitError:
        return None
    return None if is_ignored(existing, folder) else Path(root)


def is_ignored(cwd: Path, path: Path) -> bool:
    """Return whether the repository of the folder `cwd`, if there is one, ignores this path."""
    try:
        run_git("check-ignore", "--quiet", "--", str(path.absolute()), cwd=cwd)
    except GitError:
        return False
    return True


def ignoring_patterns(cwd: Path, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each of these paths below `cwd` that git's patterns ignore, with the pattern.

    Tracked files are included.
    """
    asked = b"".join(os.fsencode(path) + b"\0" for path in paths)
    command = ("check-ignore", "--no-index", "--stdin", "-z", "--verbose")
    fields = os.fsdecode(git_output(*command, cwd=cwd, stdin=asked, fine={0, 1})).split("\0")[:-1]
    for file, line, pattern, path in zip(*[iter(fields)] * 4, strict=True):
        if not pattern.startswith("!"):  # a later pattern includes the path again
            yield path, f"{pattern!r} in {file}, line {line}"
