"""What must hold after every update, said without Roadbed's own merge, audit or renders."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import copier
import yaml

from roadbed.service.ownership import OWN, OWNERSHIP_FILE, Ownership, parse_ownership
from tests.cli.conftest import git
from tests.update.edits import ANSWERS
from tests.update.services import Files, files

PLATFORM = {"managed", "merged"}
TOKEN = re.compile(rb"ours-\d{6}")


@dataclass(frozen=True)
class Renders:
    """What plain Copier makes of a release, seeds included, made once for each set of answers."""

    template: Path
    root: Path
    made: dict[tuple[object, ...], Files] = field(default_factory=dict)

    def of(self, version: str, answers: Mapping[str, object]) -> Files:
        """The files of a new service with these answers."""
        key = (version, *sorted((name, str(it)) for name, it in answers.items()))
        if key not in self.made:
            folder = self.root / f"render-{len(self.made)}"
            copier.run_copy(
                str(self.template),
                folder,
                data=dict(answers),
                vcs_ref=version,
                defaults=True,
                quiet=True,
            )
            self.made[key] = files(folder)
        return self.made[key]


@dataclass(frozen=True)
class Outcome:
    """An update: the service before and after it, both releases, and what was left open.

    `stages` are the contents that git's index holds for unmerged paths, `named` the files of which
    the update said that something is lost.
    """

    before: Files
    after: Files
    old: Files
    new: Files
    stages: Mapping[str, tuple[bytes, ...]]
    named: frozenset[str]

    @cached_property
    def owners(self) -> tuple[Ownership, Ownership]:
        """Who owns which file, by the old and by the new release."""
        texts = (release[OWNERSHIP_FILE][1].decode() for release in (self.old, self.new))
        old, new = map(parse_ownership, texts)
        return old, new

    @cached_property
    def ejected(self) -> frozenset[str]:
        """What was handed over to the team."""
        answers = yaml.safe_load(self.new[ANSWERS][1]) if ANSWERS in self.new else {}
        return frozenset(answers.get("ejected", ()))

    def is_platform(self, path: str) -> bool:
        """Whether an update may write a path at all."""
        if path in self.ejected:
            return False
        old, new = (owners.classify(path) for owners in self.owners)
        return new in PLATFORM or (new == OWN and old in PLATFORM)

    def is_bound(self, path: str) -> bool:
        """Whether nothing of the team's may be in a file of the platform after the update."""
        edited = self.is_edited(path) or path in self.may_follow_a_rename()
        return not edited and path not in self.stages and not self._is_in_the_way(path)

    def is_edited(self, path: str) -> bool:
        """Whether the team's file is not the old release's."""
        return self.before.get(path) != self.old.get(path)

    def broken(self) -> list[str]:
        """Every promise that was not kept, in a sentence each."""
        promises = (
            self._strangers_touched,
            self._unedited_not_new,
            self._unchanged_not_kept,
            self._template_not_arrived,
            self.tokens_lost,
            self._lines_lost,
            self._whole_lost,
            self._permissions_lost,
        )
        return [f"{path}: {promise.__doc__}" for promise in promises for path in promise()]

    def _strangers_touched(self) -> Iterable[str]:
        """is none of the platform's, and was changed"""
        for path in {*self.before, *self.after} - {ANSWERS, *self.stages}:
            changed = self.before.get(path) != self.after.get(path)
            if changed and not self.is_platform(path):
                yield path

    def _unedited_not_new(self) -> Iterable[str]:
        """was not edited (or is managed and was deleted), and is not the release's file"""
        followed = self.may_follow_a_rename()
        for path in set(filter(self.is_platform, {*self.old, *self.new})) - followed:
            deleted = path not in self.before and self.owners[1].classify(path) == "managed"
            excused = self._was_seed(path) or self._is_in_the_way(path)
            bound = not excused and (deleted or not self.is_edited(path))
            if bound and self.after.get(path) != self.new.get(path):
                yield path

    def _was_seed(self, path: str) -> bool:
        """Whether a file has just become the platform's, in conflict with what the team has."""
        return self.owners[0].classify(path) == "seeded" and path in self.stages

    def may_follow_a_rename(self) -> set[str]:
        """What the release adds and drops, where the team edited some of what it drops."""
        dropped = set(self.old) - set(self.new)
        edited = any(self.is_edited(path) for path in dropped)
        return dropped | (set(self.new) - set(self.old)) if edited else set()

    def _is_in_the_way(self, path: str) -> bool:
        """Whether the team has a folder at the path, or a file where one of its folders is."""
        return any(it.startswith(f"{path}/") or path.startswith(f"{it}/") for it in self.before)

    def _unchanged_not_kept(self) -> Iterable[str]:
        """is the same in both releases, and the team's version of it was changed"""
        for path in set(self.before) - {ANSWERS}:
            same = path in self.old and self.old[path] == self.new.get(path)
            if same and self.after.get(path) != self.before[path]:
                yield path

    def _template_not_arrived(self) -> Iterable[str]:
        """does not hold what the release adds to it, and is in no conflict"""
        dropped = _sum(file for path, file in self.old.items() if path not in self.new)
        for path in set(filter(self.is_platform, self.new)) - self._open() - {ANSWERS}:
            known = _lines(self.old[path]) if path in self.old else dropped
            moved = path in self.old and path not in self.before
            there = _sum(self.after.values()) if moved else _lines(self.after.get(path))
            if _lines(self.new[path]) - known - there:
                yield path

    def _open(self) -> set[str]:
        """The unmerged paths; git parts two kinds of file by a `~` in the name of one."""
        return {path.partition("~")[0] for path in self.stages} | set(self.stages)

    def tokens_lost(self) -> Iterable[str]:
        """held a token of the team's that is nowhere now, and nothing said so"""
        there = _tokens(self._now())
        for path, (_, content) in self.before.items():
            if any(not there[token] for token in TOKEN.findall(content)) and path not in self.named:
                yield path

    def _lines_lost(self) -> Iterable[str]:
        """held lines of the team's that are nowhere now, and nothing said so"""
        anywhere = _sum(("file", content) for content in self._elsewhere())
        moved = _sum(file for path, file in self.old.items() if path not in self.before)
        for path, file in self.before.items():
            edits = _lines(file) - (_lines(self.old[path]) if path in self.old else moved)
            kept = _lines(self.after.get(path)) + anywhere
            lost = [line for line in edits - kept if line.strip()]
            if lost and self.after.get(path) != file and path not in self.named:
                yield path

    def _whole_lost(self) -> Iterable[str]:
        """was a link or a binary file of the team's, is nowhere now, and nothing said so"""
        for path, (kind, content) in self.before.items():
            whole = kind == "link" or b"\0" in content
            if (
                whole
                and self.is_edited(path)
                and content not in self._now()
                and path not in self.named
            ):
                yield path

    def _permissions_lost(self) -> Iterable[str]:
        """had a permission of the team's own, has it no longer, and nothing said so"""
        for path, (kind, _) in self.before.items():
            was, now = (files_.get(path, ("", b""))[0] for files_ in (self.old, self.after))
            gone = {kind, was, now} <= {"file", "x"} and kind not in (was, now)
            if gone and path not in self.stages and path not in self.named:
                yield path

    def _elsewhere(self) -> list[bytes]:
        """What a line may have moved to: files that changed, and open conflicts."""
        moved = [file[1] for path, file in self.after.items() if file != self.before.get(path)]
        return [*moved, *(content for contents in self.stages.values() for content in contents)]

    def _now(self) -> list[bytes]:
        staged = (content for contents in self.stages.values() for content in contents)
        return [*(content for _, content in self.after.values()), *staged]


def _lines(file: tuple[str, bytes] | None) -> Counter[bytes]:
    if file is None or file[0] == "link" or b"\0" in file[1]:
        return Counter()
    return Counter(file[1].split(b"\n"))


def _sum(files: Iterable[tuple[str, bytes]]) -> Counter[bytes]:
    return sum(map(_lines, files), Counter())


def _tokens(contents: Iterable[bytes]) -> Counter[bytes]:
    return Counter(token for content in contents for token in TOKEN.findall(content))


def stages(service: Path) -> dict[str, tuple[bytes, ...]]:
    """The contents that the index holds for each unmerged path."""
    found: dict[str, tuple[bytes, ...]] = {}
    for line in git(service, "ls-files", "--unmerged", "-z").split("\0"):
        about, _, path = line.partition("\t")
        if path:
            blob = about.split()[1]
            found[path] = (*found.get(path, ()), _blob(service, blob))
    return found


def _blob(service: Path, blob: str) -> bytes:
    command = ["git", "cat-file", "blob", blob]
    return subprocess.run(command, cwd=service, check=True, capture_output=True).stdout
