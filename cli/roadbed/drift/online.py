"""`roadbed check --online`: the findings that need the template repository.

Versions are compared by the files that they give to this service, not by their names: a release
that changes none of them does not put the service behind. Renders are kept in the user's cache.
"""

from collections.abc import Iterator
from pathlib import Path

from roadbed.drift.diff import diff_lines
from roadbed.drift.findings import BEHIND, STALE_SEED, TAMPERED, Finding, Online
from roadbed.git.objects import Entry, blob_id
from roadbed.service.answers import ANSWERS_FILE, Answers
from roadbed.service.manifest import MANIFEST_FILE
from roadbed.template.files import RenderRequest, render_all, render_cache, render_platform
from roadbed.template.mirror import Mirror, open_mirror, require_commit


def find_online(folder: Path, answers: Answers) -> Online:
    """Compare the service in `folder` with the newest release of its template.

    Raises CouldNotRunError when the template is out of reach, which is not drift.
    """
    mirror = open_mirror(answers.source, answers.commit)
    recorded = mirror.commit(answers.commit or answers.version)
    if recorded is None:
        detail = f"{answers.version} ({answers.commit[:10]}) is not in {answers.source}"
        return Online((Finding(ANSWERS_FILE, TAMPERED, detail),), {})
    findings = list(_tampered(folder, answers, mirror, recorded))
    newest = mirror.newest()
    target = require_commit(mirror, newest, "--to") if newest else recorded
    if newest is None or target == recorded or mirror.is_ancestor(target, recorded):
        return Online(tuple(findings), {})
    text = (folder / ANSWERS_FILE).read_text(encoding="utf-8")
    then, now = RenderRequest(mirror, recorded, text, {}), RenderRequest(mirror, target, text, {})
    findings += _behind(then, now, answers.plan, newest)
    seeds = _stale(folder, then, now, answers.plan)
    findings += [Finding(path, STALE_SEED, f"{newest} has a newer version") for path in seeds]
    return Online(tuple(findings), seeds)


def _tampered(folder: Path, answers: Answers, mirror: Mirror, recorded: str) -> Iterator[Finding]:
    tag = mirror.commit(f"refs/tags/{answers.version}")
    if tag is not None and tag != recorded:
        yield Finding(
            ANSWERS_FILE, TAMPERED, f"the tag {answers.version} points to another commit now"
        )
    blob = mirror.blob(recorded, f"templates/{answers.plan}/{MANIFEST_FILE}")
    current = blob_id((folder / MANIFEST_FILE).read_bytes())
    if blob != current:
        yield Finding(MANIFEST_FILE, TAMPERED, f"differs from the one of {answers.version}")


def _behind(then: RenderRequest, now: RenderRequest, plan: str, newest: str) -> Iterator[Finding]:
    old, new = (_platform(request, plan) for request in (then, now))
    changed = {path for path in {*old, *new} if old.get(path) != new.get(path)}
    if changed:
        files = "1 file" if len(changed) == 1 else f"{len(changed)} files"
        yield Finding(ANSWERS_FILE, BEHIND, f"{newest}, which changes {files} here")


def _platform(request: RenderRequest, plan: str) -> dict[str, Entry]:
    files = render_platform(request, plan).entries
    return {path: entry for path, entry in files.items() if path != ANSWERS_FILE}


def _stale(
    folder: Path, then: RenderRequest, now: RenderRequest, plan: str
) -> dict[str, list[str]]:
    """Return the differences of each seeded file that the template improved and the service has."""
    owners = render_platform(now, plan).owners
    old, new = render_all(then), render_all(now)
    changed = [
        path
        for path, entry in new.items()
        if path in old
        and old[path].blob != entry.blob
        and owners.classify(path) == "seeded"
        and (folder / path).is_file()
    ]
    blobs = {path: (old[path].blob, new[path].blob) for path in changed}
    texts = render_cache().read(blob for sides in blobs.values() for blob in sides)
    return {
        path: list(diff_lines(texts[was], texts[now_is], f"then/{path}", f"now/{path}"))
        for path, (was, now_is) in blobs.items()
    }
