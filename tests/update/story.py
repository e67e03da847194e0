"""The story of docs/guide/updates.md: three months of a team's edits between v1.0.0 and v4.0.0.

`python -m tests.update.story` lives it on every plan, with plain Copier and with Roadbed, on the
real templates, and prints what both said; a test lives one of them and checks what the guide says.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from roadbed.git.objects import blob_id
from roadbed.service.manifest import ManifestEntry, manifest_text, parse_manifest
from roadbed.template.source import resolve_source, snapshot_source

ROOT = Path(__file__).parents[2]
HALVES = {
    "django-monolith": ("web",),
    "fastapi-service": ("api",),
    "hybrid": ("web", "api"),
}
EXAMPLES = {"web": "web/approvals", "api": "api/webhooks"}
_NOTE = """
[[change]]
kind = "changed"
summary = "The database of compose has a health check of its own. Nothing waits for a minute."

[[change]]
kind = "security"
summary = "The development server answers on loopback alone."
applies.plan = ["django-monolith", "hybrid"]
do = \"\"\"
Name the hosts that may reach it in `.env`:

    DEVELOPMENT_HOSTS=127.0.0.1
\"\"\"
"""


@dataclass(frozen=True)
class Lived:
    """How one tool's update of the same service ended, and what is left of the team's edits."""

    said: str
    code: int
    kept: Mapping[str, bool]


def edit(folder: Path, path: str, old: str, new: str) -> None:
    """Replace a text in a file; the text has to be there."""
    place = folder / path
    text = place.read_text(encoding="utf-8")
    assert old in text, f"{path} does not say {old!r}"
    place.write_text(text.replace(old, new, 1), encoding="utf-8")


def run(
    folder: Path, *command: str, fine: tuple[int, ...] = (0,)
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder; its output is kept as a terminal would show it."""
    done = subprocess.run(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode in fine, f"{command}: {done.stdout}"
    return done


def commit(folder: Path, message: str) -> None:
    """Commit everything."""
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-qm", message)


def release(template: Path, version: str, renamed: Mapping[str, str] | None = None) -> None:
    """Commit and tag what was changed in the template, with its manifests.

    They are brought up to date file by file: rendering all plans three times costs a minute.
    """
    for listing in template.glob("templates/*/.roadbed/MANIFEST"):
        entries = parse_manifest(listing.read_text(encoding="utf-8"))
        moved = (replace(it, path=(renamed or {}).get(it.path, it.path)) for it in entries)
        current = [_current(it, listing.parents[1]) for it in moved]
        listing.write_text(manifest_text(current), encoding="utf-8")
    commit(template, f"Release {version}")
    run(template, "git", "tag", version)


def _current(entry: ManifestEntry, plan: Path) -> ManifestEntry:
    place = plan / entry.path
    return replace(entry, blob=blob_id(place.read_bytes())) if place.is_file() else entry


def history(template: Path) -> None:
    """Four releases in a clone of the template repository."""
    shared = template / "templates/_shared"
    plans = ("django-monolith", "fastapi-service", "hybrid")
    run(template, "git", "tag", "v1.0.0")

    edit(template, "chassis/src/chassis/__init__.py", '"""', '"""Second release. ')
    edit(shared, "justfile", "\n", "\n# see .roadbed/justfile\n")
    release(template, "v2.0.0")

    (shared / ".roadbed/policy.toml").rename(shared / ".roadbed/platform-policy.toml")
    for plan in plans:
        room = template / "templates" / plan / ".roadbed"
        (room / "policy.toml").unlink()
        link = room / "platform-policy.toml"
        link.symlink_to("../../_shared/.roadbed/platform-policy.toml")
        edit(
            template,
            f"templates/{plan}/pyproject.toml.jinja",
            '    "mypy",\n',
            '    "mypy",\n    "platform-lint",\n',
        )
    release(template, "v3.0.0", {".roadbed/policy.toml": ".roadbed/platform-policy.toml"})

    for plan in plans:
        (template / "templates" / plan / "renovate.json5").unlink()
        edit(template, f"templates/{plan}/compose.yaml", "interval: 2s", "interval: 1s")
    edit(
        shared,
        ".roadbed/justfile",
        "# Run the tests on a real PostgreSQL",
        "# Run every test on a real PostgreSQL",
    )
    (template / "releases/4.0.0.toml").write_text(f"date = 2027-03-01\n{_NOTE}", encoding="utf-8")
    release(template, "v4.0.0")


def three_months(service: Path, plan: str) -> None:
    """What a team does to its service, most of it as it should and some of it not."""
    for half in HALVES[plan]:
        run(service, "git", "rm", "-rq", EXAMPLES[half])
        (service / half / "orders").mkdir()
        (service / half / "orders/__init__.py").write_text('"""What customers ordered."""\n')
    commit(service, "Orders instead of the example")
    edit(
        service,
        "pyproject.toml",
        '    {include-group = "dev-platform"},\n',
        '    {include-group = "dev-platform"},\n    "hypothesis>=6",\n',
    )
    with (service / ".gitignore").open("a", encoding="utf-8") as file:
        file.write("/exports/\n")
    edit(service, "compose.yaml", "retries: 30", "retries: 90")
    commit(service, "A library, exports, and a slow laptop")
    edit(
        service,
        "renovate.json5",
        "{",
        "{\n  // the auditors want a person to look\n  dependencyDashboardApproval: true,",
    )
    commit(service, "The auditors' wish")
    edit(
        service,
        ".roadbed/justfile",
        "# Run the tests on a real PostgreSQL",
        "# Run our tests (ask Mira when they hang)",
    )
    with (service / ".roadbed/policy.toml").open("a", encoding="utf-8") as file:
        file.write("\n[orders]\nretention_days = 400\n")
    run(service, "git", "rm", "-q", ".editorconfig")
    commit(service, "Edits in the platform's room, against the advice")


EDITS = {
    "pyproject.toml: a library": "hypothesis>=6",
    ".gitignore: a folder": "/exports/",
    "compose.yaml: retries": "retries: 90",
    "renovate.json5: the auditors' wish": "the auditors want a person to look",
    ".roadbed/justfile: a remark": "ask Mira when they hang",
    ".roadbed/policy.toml: a section": "retention_days = 400",
}


def kept(service: Path) -> dict[str, bool]:
    """Which of the team's edits are still in a file of the service."""
    texts = [
        path.read_text(encoding="utf-8", errors="replace")
        for path in service.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(service).parts[:1]
    ]
    found = {name: any(said in text for text in texts) for name, said in EDITS.items()}
    return {**found, ".editorconfig, deleted: restored": (service / ".editorconfig").is_file()}


def live(template: Path, plan: str, into: Path) -> tuple[Lived, Lived]:
    """The same service updated by plain Copier and by Roadbed."""
    service = into / "orders"
    source = f"git+file://{template}"
    copy = ("copier", "copy", "-q", "--defaults", "--vcs-ref", "v1.0.0", "-d", f"plan={plan}")
    run(into, *copy, source, str(service))
    run(service, "git", "init", "-q", "-b", "main")
    commit(service, "Start from Roadbed")
    three_months(service, plan)
    run(into, "git", "clone", "-q", str(service), "by-copier/orders")
    run(into, "git", "clone", "-q", str(service), "by-roadbed/orders")
    copier = _ended(into / "by-copier/orders", "copier", "update", "--defaults")
    roadbed = _ended(into / "by-roadbed/orders", "roadbed", "update", "--no-lock")
    return copier, roadbed


def _ended(service: Path, *command: str) -> Lived:
    done = run(service, *command, fine=(0, 3, 4))
    return Lived(done.stdout, done.returncode, kept(service))


@contextlib.contextmanager
def template() -> Iterator[Path]:
    """A clone of this checkout with the history."""
    with tempfile.TemporaryDirectory(prefix="roadbed-story-") as folder:
        source = snapshot_source(resolve_source(str(ROOT), "HEAD"), Path(folder))
        assert source.folder
        run(source.folder, "git", "tag", "-d", *run(source.folder, "git", "tag").stdout.split())
        history(source.folder)
        yield source.folder


def _tell(plan: str, copier: Lived, roadbed: Lived) -> str:
    rows = "\n".join(
        f"| {name} | {_word(copier.kept[name])} | {_word(roadbed.kept[name])} |"
        for name in copier.kept
    )
    said = re.sub(r"(?m)^ *export PATH=.*\n", "", roadbed.said)
    return (
        f"## {plan}\n\n| is it there afterwards? | `copier update` (exit code {copier.code}) "
        f"| `roadbed update` (exit code {roadbed.code}) |\n|---|---|---|\n{rows}\n\n"
        f"```\n{copier.said.strip()}\n```\n\n```\n{said.strip()}\n```\n"
    )


def _word(is_kept: bool) -> str:
    return "yes" if is_kept else "**no**"


if __name__ == "__main__":
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with template() as made:
        for name in sys.argv[1:] or HALVES:
            with tempfile.TemporaryDirectory(prefix="roadbed-story-") as folder:
                sys.stdout.write(_tell(name, *live(made, name, Path(folder))))
