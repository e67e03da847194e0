"""`roadbed check --online`: what only the template repository can say about a service.

Versions are compared by what they give to this service, never by their names alone: a release that
changes nothing for it leaves it where it is. Renders are kept in the user's cache.
"""

from collections.abc import Iterator
from pathlib import Path

from roadbed.drift.diff import between
from roadbed.drift.findings import BEHIND, STALE_SEED, TAMPERED, Finding, Online
from roadbed.git.objects import Entry, blob_id
from roadbed.service import manifest
from roadbed.service.answers import ANSWERS_FILE, Answers
from roadbed.template import files as rendered
from roadbed.template import mirror
from roadbed.template.files import Wanted
from roadbed.template.mirror import Mirror


def find(folder: Path, given: Answers) -> Online:
    """Compare the service in `folder` with its template as it is now.

    Raises CouldNotRunError when the template is out of reach: that is no drift.
    """
    of = mirror.opened(given.source, given.commit)
    recorded = of.commit(given.commit or given.version)
    if recorded is None:
        said = f"{given.version} ({given.commit[:10]}) is not in {given.source}"
        return Online((Finding(ANSWERS_FILE, TAMPERED, said),), {})
    found = list(_tampered(folder, given, of, recorded))
    newest = of.newest()
    target = mirror.require_commit(of, newest, "--to") if newest else recorded
    if newest is None or target == recorded or of.is_ancestor(target, recorded):
        return Online(tuple(found), {})
    text = (folder / ANSWERS_FILE).read_text(encoding="utf-8")
    then, now = Wanted(of, recorded, text, {}), Wanted(of, target, text, {})
    found += _behind(then, now, given.plan, newest)
    seeds = _stale(folder, then, now, given.plan)
    found += [Finding(path, STALE_SEED, f"{newest} has another") for path in seeds]
    return Online(tuple(found), seeds)


def _tampered(folder: Path, given: Answers, of: Mirror, recorded: str) -> Iterator[Finding]:
    tag = of.commit(f"refs/tags/{given.version}")
    if tag is not None and tag != recorded:
        yield Finding(ANSWERS_FILE, TAMPERED, f"the tag {given.version} is another commit by now")
    blob = of.blob(recorded, f"templates/{given.plan}/{manifest.MANIFEST_FILE}")
    lying = blob_id((folder / manifest.MANIFEST_FILE).read_bytes())
    if blob != lying:
        yield Finding(manifest.MANIFEST_FILE, TAMPERED, f"it is not that of {given.version}")


def _behind(then: Wanted, now: Wanted, plan: str, newest: str) -> Iterator[Finding]:
    old, new = (_platform(wanted, plan) for wanted in (then, now))
    changed = {path for path in {*old, *new} if old.get(path) != new.get(path)}
    if changed:
        files = "1 file" if len(changed) == 1 else f"{len(changed)} files"
        yield Finding(ANSWERS_FILE, BEHIND, f"{newest}, which changes {files} here")


def _platform(wanted: Wanted, plan: str) -> dict[str, Entry]:
    files = rendered.platform(wanted, plan).entries
    return {path: entry for path, entry in files.items() if path != ANSWERS_FILE}


def _stale(folder: Path, then: Wanted, now: Wanted, plan: str) -> dict[str, list[str]]:
    """The difference of every seed that the template improved and the service has."""
    owners = rendered.platform(now, plan).owners
    old, new = rendered.whole(then), rendered.whole(now)
    changed = [
        path
        for path, entry in new.items()
        if path in old
        and old[path].blob != entry.blob
        and owners.classify(path) == "seeded"
        and (folder / path).is_file()
    ]
    blobs = {path: (old[path].blob, new[path].blob) for path in changed}
    texts = rendered.kept().read(blob for sides in blobs.values() for blob in sides)
    return {
        path: list(between(texts[was], texts[now_is], f"then/{path}", f"now/{path}"))
        for path, (was, now_is) in blobs.items()
    }
