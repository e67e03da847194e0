"""The releases that services may have, and a template repository in which HEAD comes after them."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import yaml

from roadbed.git.command import GitError, run_git
from roadbed.service.answers import ANSWERS_FILE
from roadbed.service.ownership import OWN, Ownership
from roadbed.template.questions import Questionnaire, parse_questions
from roadbed.template.source import QUESTIONS_FILE, release_tags
from roadbed.update.merge import MANAGED, MERGED
from tests.cli.conftest import git as git_as_somebody
from tests.update.services import Files

PLATFORM = {MANAGED, MERGED}
ROOT = Path(__file__).parents[2]
POLICY = ROOT / "templates/_shared/.roadbed/policy.toml"

# Nothing is released yet. Services of this commit stand in for the services whose seeds must keep
# working: it ended the renames (docs/adr/0032). After the first tag it is not used; the first
# release removes it.
UNRELEASED = {"v0.0.1": "0331974fc7e6ae9093b8125b05e9311448076eb7"}
# What lies in the checkout, as a release that comes after all others.
NEXT = "v9999.0.0"

# Paths that the platform gave to services and gives no more, with what became of them. An update
# removes or moves them in every service, also where its team's scripts name them: leave a path as
# it is, or write it here together with a note for the services in releases/next.toml. A line goes
# when no supported release has the path.
GONE: Mapping[str, str] = {}


def supported(released: Mapping[str, date], months: int, today: date) -> list[str]:
    """The releases that a service may have, the newest first: it may stay on one for so many
    months after the next one has come."""
    names = release_tags(released)
    replaced = (today, *(released[name] for name in names))
    longest = timedelta(days=31 * months)
    return [name for name, when in zip(names, replaced, strict=False) if today - when <= longest]


def in_checkout(today: date) -> list[str]:
    """The supported releases of this checkout, or what stands in for them."""
    listed = run_git(
        "for-each-ref", "--format=%(refname:short) %(creatordate:short)", "refs/tags", cwd=ROOT
    )
    dates = dict(line.split() for line in listed.splitlines())
    three_numbers = re.compile(r"v\d+\.\d+\.\d+")
    released = {
        name: date.fromisoformat(when)
        for name, when in dates.items()
        if three_numbers.fullmatch(name)
    }
    months = tomllib.loads(POLICY.read_text())["support"]["months"]
    return supported(released, months, today) or list(UNRELEASED)


VERSIONS = in_checkout(datetime.now(UTC).date())


def build(template: Path, into: Path) -> None:
    """A clone of `template` with the supported releases as tags, and NEXT.

    NEXT is a commit of its own: git calls one that has two tags by either of them.
    """
    run_git("clone", "--quiet", "--no-tags", "--", str(template), str(into))
    run_git("fetch", "--quiet", "--tags", "--", str(ROOT), cwd=into)
    for name in UNRELEASED.keys() & set(VERSIONS):
        try:
            run_git("tag", "--force", name, UNRELEASED[name], cwd=into)
        except GitError as error:
            raise AssertionError("clone with the whole history: git fetch --unshallow") from error
    git_as_somebody(into, "commit", "--quiet", "--allow-empty", "--message=Next")
    run_git("tag", NEXT, cwd=into)


def lost_questions(old: str, new: str) -> list[str]:
    """How the questions in the text `new` break the promise to those who answered `old`."""
    was, now = (parse_questions(text, QUESTIONS_FILE) for text in (old, new))
    asked = {name: it for name, it in yaml.safe_load(new).items() if not name.startswith("_")}
    faults = [f"{name} has no default" for name, it in asked.items() if "default" not in it]
    faults += [f"{name} is not asked any more" for name in was.types.keys() - now.types.keys()]
    for name in was.types.keys() & now.types.keys():
        if was.types[name] != now.types[name]:
            faults.append(f"{name} is no longer {was.types[name]}")
        faults += [f"{name} cannot be {value} any more" for value in _narrowed(was, now, name)]
    return sorted(faults)


def _narrowed(was: Questionnaire, now: Questionnaire, name: str) -> set[str]:
    before, after = set(was.choices[name]), set(now.choices[name])
    if not after:
        return set()
    return before - after if before else {"any text"}


@dataclass(frozen=True)
class Step:
    """The update of a service to HEAD: the files it was born with and those of a render at HEAD,
    each with who owns which."""

    born: Files
    fresh: Files
    old: Ownership
    new: Ownership

    def is_platform(self, path: str) -> bool:
        """Whether an update writes, or removes, a file at this path."""
        owner = self.new.classify(path)
        return (self.old.classify(path) if owner == OWN else owner) in PLATFORM

    def expected(self) -> Files:
        """What an untouched service holds afterwards: seeds as they were, the rest as at HEAD."""
        seeds = {path: it for path, it in self.born.items() if not self.is_platform(path)}
        platform = {path: it for path, it in self.fresh.items() if self.is_platform(path)}
        return {**seeds, **platform, ANSWERS_FILE: self.fresh[ANSWERS_FILE]}

    def changes_nothing(self) -> bool:
        """Whether only the answers file tells the two versions apart."""
        after = self.expected()
        paths = self.born.keys() | after.keys()
        return {ANSWERS_FILE} == {path for path in paths if self.born.get(path) != after.get(path)}

    def vanished(self) -> list[str]:
        """What was the platform's in the old version, is not at HEAD, and stands not in GONE."""
        had = {path for path in self.born if self.old.classify(path) in PLATFORM}
        has = {path for path in self.fresh if self.new.classify(path) in PLATFORM}
        return sorted(had - has - GONE.keys())

    def taken(self) -> list[str]:
        """What the old version gave to the team, and HEAD would write to."""
        return sorted(
            path
            for path in self.born
            if self.old.classify(path) == "seeded" and self.new.classify(path) in PLATFORM
        )
