"""The git repository of a service, and the conditions for an update to write in it."""

import os
import re
import shlex
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from roadbed.errors import CouldNotRunError, UsageError
from roadbed.git.command import GitError, git_output, ignoring_patterns, run_git
from roadbed.git.objects import LINK, Entry, parse_tree

_NEEDED = (2, 38)  # git merge-tree --write-tree
_UNDER_WAY = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}


class UnbornError(UsageError):
    """A repository without a commit."""


@dataclass(frozen=True)
class Repository:
    """Where a service is: its folder, `prefix` below the repository's root (empty, or with a
    slash at its end), git's folder for this work tree, the folder of objects, and HEAD's commit.
    """

    folder: Path
    prefix: str
    git_dir: Path
    objects: Path
    head: str

    def git(
        self,
        *arguments: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        fine: Container[int] = (0,),
    ) -> bytes:
        """Return git's output for a command in the service's folder; the user's hooks do not
        run.
        """
        quiet = ("-c", f"core.hooksPath={os.devnull}")
        return git_output(*quiet, *arguments, cwd=self.folder, env=env, stdin=stdin, fine=fine)

    def hashed(self, paths: Iterable[str], into: Mapping[str, str] | None = None) -> list[str]:
        """Return the ids that git would give to files of the service, filters applied.

        `into` are variables for git that name where to keep the objects; without it none are kept.
        """
        # git takes these from the repository's root, wherever it is called
        asked = b"".join(os.fsencode(f"{self.prefix}{path}") + b"\n" for path in paths)
        keep = () if into is None else ("-w",)
        return (
            self.git("hash-object", *keep, "--stdin-paths", stdin=asked, env=into).decode().split()
        )

    def lines(self, *arguments: str) -> list[str]:
        """Return git's output, line by line; empty when git printed nothing and returned 1."""
        return os.fsdecode(self.git(*arguments, fine={0, 1})).splitlines()

    def files(self, commit: str = "HEAD") -> dict[str, Entry]:
        """Return the service's files at a commit, by their path in the service."""
        try:
            tree = f"{commit}:{self.prefix}"
            return parse_tree(self.git("ls-tree", "-r", "-z", "--full-tree", tree))
        except GitError:  # the folder is not in that commit
            return {}

    def cd_commands(self) -> list[str]:
        """Return the `cd` to type before commands in the service's folder; empty if already
        there.
        """
        return [] if Path.cwd() == self.folder else [f"cd {shlex.quote(str(self.folder))}"]

    @property
    def private_folder(self) -> Path:
        """Our own folder inside git's."""
        return self.git_dir / "roadbed"


def open_repository(folder: Path) -> Repository:
    """Return the repository around the folder of a service.

    Raises UsageError when there is none, or when it is bare, without a commit, or of a kind that we
    cannot write to; CouldNotRunError when git is too old.
    """
    _require_git()
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}: name the folder of a generated service.")
    asked = ("--is-bare-repository", "--absolute-git-dir", "--show-object-format")
    try:
        bare, git_dir, objects_format = run_git("rev-parse", *asked, cwd=folder).splitlines()
    except GitError as error:
        if "not a git repository" not in error.reason:
            raise  # another owner, for one: git says what to do
        raise UsageError(
            f"{folder} is not in a git repository, which an update needs to lose nothing: run "
            "`git init`, commit everything, and try again."
        ) from error
    if bare == "true":
        raise UsageError(f"{folder} is a bare repository: clone it, and update the clone.")
    if objects_format != "sha1":
        raise UsageError(
            f"{folder} is a repository of {objects_format} ids, which templates do not share: "
            "update a clone made with `git init --object-format=sha1`."
        )
    where = run_git("rev-parse", "--git-path", "objects", "--show-prefix", cwd=folder)
    objects, _, prefix = where.partition("\n")
    head = git_output("rev-parse", "--quiet", "--verify", "HEAD", cwd=folder, fine={0, 1})
    if not head:
        raise UnbornError(f"{folder} has no commit yet: commit everything, and try again.")
    place = Path(os.path.abspath(folder / objects))  # noqa: PTH100 (links are left as they are)
    return Repository(
        folder.resolve(), prefix.strip("\n"), Path(git_dir), place, head.decode().strip()
    )


def _require_git() -> None:
    printed = run_git("version")
    match = re.search(r"(\d+)\.(\d+)", printed)
    if match and (int(match[1]), int(match[2])) < _NEEDED:
        raise CouldNotRunError(
            f"{printed} is too old to merge with: an update needs git 2.38 or newer, so install "
            "one and run the same command again."
        )


def require_ready(repository: Repository) -> None:
    """Raise UsageError when the work tree is not in a state that an update may change."""
    for name, operation in _UNDER_WAY.items():
        if (repository.git_dir / name).exists():
            raise UsageError(
                f"A {operation} is in progress in {repository.folder}: finish it, or stop it with "
                f"`git {operation} --abort`, and try again."
            )
    if not current_branch(repository):
        raise UsageError(
            f"HEAD of {repository.folder} is detached, so the update would not be on a branch: "
            "run `git switch -c platform-update`, and try again."
        )
    status = ("status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=dirty")
    changed = repository.git("--no-optional-locks", *status, "--", ".").split(b"\0")[0]
    if changed:
        raise UsageError(
            f"{os.fsdecode(changed[3:])} has uncommitted changes: commit or stash them "
            "(`git stash`), so that they do not mix with the update."
        )


def current_branch(repository: Repository) -> str:
    """Return the branch of HEAD, or an empty text when HEAD is detached."""
    return "".join(repository.lines("symbolic-ref", "--quiet", "HEAD"))


def require_folders(before: Mapping[str, Entry], paths: Iterable[str]) -> None:
    """Raise UsageError when a link is in place of a folder of the platform."""
    links = {path for path, entry in before.items() if entry.mode == LINK}
    for path in paths:
        for folder in PurePosixPath(path).parents:
            if str(folder) in links:
                raise UsageError(
                    f"{folder} is a link, and the platform has {path} in a folder of that name: "
                    "make it a folder again, commit, and try again."
                )


def require_not_ignored(repository: Repository, paths: Iterable[str]) -> None:
    """Raise UsageError when git ignores one of the platform's paths and so could not keep it."""
    for path, pattern in ignoring_patterns(repository.folder, paths):
        raise UsageError(
            f"{path} belongs to the platform, and git ignores it by {pattern}: remove that line, "
            "commit the file, and try again."
        )


def require_free_paths(
    repository: Repository, before: Mapping[str, Entry], after: Mapping[str, Entry]
) -> None:
    """Raise UsageError when writing `after` would overwrite untracked files."""
    added = [path for path in after if path not in before]
    for path in added:
        blocker = _blocker(repository, path, before, after)
        if blocker:
            raise UsageError(
                f"The new version adds {path}, and the untracked file {blocker} is in the way: "
                "commit it, or move it away, and try again."
            )
    if _ignores_case(repository):
        _refuse_same_names(added, after)


def _blocker(
    repository: Repository, path: str, before: Mapping[str, Entry], after: Mapping[str, Entry]
) -> str:
    """Return the untracked path that would have to be removed to write `path`, or an empty text."""
    for folder in reversed(PurePosixPath(path).parents[:-1]):
        place = repository.folder / folder
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            gone = str(folder) in before and str(folder) not in after
            return "" if gone else str(folder)
    place = repository.folder / path
    if not os.path.lexists(place):
        return ""
    if place.is_symlink() or not place.is_dir():
        return path
    inside = (file for file in place.rglob("*") if file.is_symlink() or not file.is_dir())
    names = (file.relative_to(repository.folder).as_posix() for file in inside)
    return next((name for name in names if name not in before or name in after), "")


def require_unedited(
    repository: Repository, before: Mapping[str, Entry], paths: Iterable[str]
) -> None:
    """Raise UsageError when a file of `paths` has changes that `git status` does not show.

    `git update-index --assume-unchanged` and `--skip-worktree` hide them.
    """
    files = [path for path in paths if path in before and before[path].mode != LINK]
    there = [path for path in files if (repository.folder / path).is_file() and "\n" not in path]
    for path, blob in zip(there, repository.hashed(there), strict=True):
        if blob != before[path].blob:
            raise UsageError(
                f"{path} has changes that git was told to ignore: show them to git "
                f"(`git update-index --no-assume-unchanged --no-skip-worktree {path}`), commit "
                "them, and try again."
            )


def _ignores_case(repository: Repository) -> bool:
    return repository.lines("config", "--type=bool", "core.ignoreCase") == ["true"]


def _refuse_same_names(added: Iterable[str], after: Mapping[str, Entry]) -> None:
    by_name: dict[str, set[str]] = {}
    for path in after:
        by_name.setdefault(path.casefold(), set()).add(path)
    for path in added:
        others = by_name[path.casefold()] - {path}
        if others:
            raise UsageError(
                f"The new version adds {path}, which is the same name as your {min(others)} on "
                "this file system: rename yours and commit, then try again."
            )
