"""The git repository that a service lies in, and what has to be true before an update may write."""

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
        """git's output for a command in the service's folder; no hook of the user's runs."""
        quiet = ("-c", f"core.hooksPath={os.devnull}")
        return git_output(*quiet, *arguments, cwd=self.folder, env=env, stdin=stdin, fine=fine)

    def hashed(self, paths: Iterable[str], into: Mapping[str, str] | None = None) -> list[str]:
        """The ids that git would give to files of the service, filters applied.

        They are kept as objects where `into`, variables for git, says.
        """
        # git takes these from the repository's root, wherever it is called
        asked = b"".join(os.fsencode(f"{self.prefix}{path}") + b"\n" for path in paths)
        keep = () if into is None else ("-w",)
        return (
            self.git("hash-object", *keep, "--stdin-paths", stdin=asked, env=into).decode().split()
        )

    def lines(self, *arguments: str) -> list[str]:
        """What git printed, line by line; nothing where it printed nothing and returned 1."""
        return os.fsdecode(self.git(*arguments, fine={0, 1})).splitlines()

    def files(self, commit: str = "HEAD") -> dict[str, Entry]:
        """The service's files at a commit, by their path in the service."""
        try:
            tree = f"{commit}:{self.prefix}"
            return parse_tree(self.git("ls-tree", "-r", "-z", "--full-tree", tree))
        except GitError:  # the folder is not in that commit
            return {}

    def cd_commands(self) -> list[str]:
        """What a user types before commands in the service's folder: nothing who is there."""
        return [] if Path.cwd() == self.folder else [f"cd {shlex.quote(str(self.folder))}"]

    @property
    def private_folder(self) -> Path:
        """Our own folder inside git's."""
        return self.git_dir / "roadbed"


def open_repository(folder: Path) -> Repository:
    """The repository around the folder of a service.

    Raises UsageError when it is none, bare, without a commit, or of a kind we cannot write to, and
    CouldNotRunError when git is too old.
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
            f"{folder} is in no git repository, and an update needs one to lose nothing: run "
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
    found = re.search(r"(\d+)\.(\d+)", printed)
    if found and (int(found[1]), int(found[2])) < _NEEDED:
        raise CouldNotRunError(
            f"{printed} is too old to merge with: an update needs git 2.38 or newer, so install "
            "one and run the same command again."
        )


def require_ready(repository: Repository) -> None:
    """Raise UsageError when the work tree is not in a state that an update may change."""
    for name, what in _UNDER_WAY.items():
        if (repository.git_dir / name).exists():
            raise UsageError(
                f"A {what} is under way in {repository.folder}: finish it, or end it with "
                f"`git {what} --abort`, and try again."
            )
    if not current_branch(repository):
        raise UsageError(
            f"HEAD of {repository.folder} is detached, so the update would belong to no branch: "
            "run `git switch -c platform-update`, and try again."
        )
    status = ("status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=dirty")
    changed = repository.git("--no-optional-locks", *status, "--", ".").split(b"\0")[0]
    if changed:
        raise UsageError(
            f"{os.fsdecode(changed[3:])} has changes that are not committed: commit or stash "
            "them (`git stash`), so that the update can be told from them."
        )


def current_branch(repository: Repository) -> str:
    """The branch that HEAD is on, or nothing where it is on none."""
    return "".join(repository.lines("symbolic-ref", "--quiet", "HEAD"))


def require_folders(before: Mapping[str, Entry], paths: Iterable[str]) -> None:
    """Raise UsageError when a link stands where the platform has a folder."""
    links = {path for path, entry in before.items() if entry.mode == LINK}
    for path in paths:
        for folder in PurePosixPath(path).parents:
            if str(folder) in links:
                raise UsageError(
                    f"{folder} is a link, and the platform has {path} in a folder of that name: "
                    "make it a folder again, commit, and try again."
                )


def require_not_ignored(repository: Repository, paths: Iterable[str]) -> None:
    """Raise UsageError when git ignores one of the platform's paths: it could not be kept."""
    for path, pattern in ignoring_patterns(repository.folder, paths):
        raise UsageError(
            f"{path} is the platform's, and git ignores it by {pattern}: take that line out, "
            "commit the file, and try again."
        )


def require_free_paths(
    repository: Repository, before: Mapping[str, Entry], after: Mapping[str, Entry]
) -> None:
    """Raise UsageError when writing `after` would overwrite what git does not know."""
    added = [path for path in after if path not in before]
    for path in added:
        blocker = _blocker(repository, path, before, after)
        if blocker:
            raise UsageError(
                f"The new version brings {path}, and {blocker} lies there already without git "
                "knowing it: commit it, or move it away, and try again."
            )
    if _ignores_case(repository):
        _refuse_same_names(added, after)


def _blocker(
    repository: Repository, path: str, before: Mapping[str, Entry], after: Mapping[str, Entry]
) -> str:
    """What git does not know, and is or holds what would have to go for `path` to be written."""
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
    """Raise UsageError when a file of `paths` is not what git has, though `git status` is quiet.

    So it is after `git update-index --assume-unchanged` or `--skip-worktree`.
    """
    files = [path for path in paths if path in before and before[path].mode != LINK]
    there = [path for path in files if (repository.folder / path).is_file() and "\n" not in path]
    for path, blob in zip(there, repository.hashed(there), strict=True):
        if blob != before[path].blob:
            raise UsageError(
                f"{path} has changes that git was told to overlook: show them to git "
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
                f"The new version brings {path}, which is the same name as your {min(others)} on "
                "this file system: rename yours and commit, then try again."
            )
