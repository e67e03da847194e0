"""Measure the CLI next to plain Copier: `uv run python -m bench.cli --rounds 9`."""

import argparse
import os
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from roadbed.service.manifest import MANIFEST_FILE, blob_id, manifest_text, parse_manifest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance-cli.md"
_AUTHOR = ("-c", "user.name=Bench", "-c", "user.email=bench@localhost")
_TOOL = '    "mypy",\n'  # the second release adds a line after this one in pyproject.toml
_PAGE = """\
# What the CLI costs

Written by `python -m bench.cli` on {date}: Python {python}, {cores} cores, load average {load:.1f},
medians of {rounds} rounds. In each round every command ran once, in random order.

The service is a `{plan}` of {files} files, {further} of them its own, updated from one release to
the next: a managed and a merged file change, and the team had changed the merged one.
`copier update` runs with `--defaults --quiet`. `roadbed update` runs with `--no-lock` and searches
for lost edits. It is measured with an empty cache, with a cache that has the recorded version's
render (as after an earlier update), and after `--dry-run`. The template is on the same disk. Shares
compare with `copier update` in the same round and are medians too. If the load exceeds the cores,
the clock also measures other processes. The CPU seconds are the cost of the command itself.

| command | seconds | seconds of CPU | share | share of CPU | limit |
|---|---|---|---|---|---|
{lines}
"""
POLICY = ".roadbed/policy.toml"
FURTHER = 20_000
COPIER = "copier update"
LIMITS = {  # seconds, or shares of COPIER
    "roadbed --help": 0.2,
    "roadbed check": 0.4,
    "roadbed update, nothing cached": 0.6,
    "roadbed update, recorded render cached": 0.4,
}


@dataclass(frozen=True)
class Command:
    """A measured command: its words, its environment, and what prepares the service."""

    words: Sequence[str]
    environment: Mapping[str, str]
    prepare: Callable[[], None]

    def measured(self, service: Path) -> tuple[float, float]:
        """Return the seconds by the clock and of CPU, child processes included."""
        self.prepare()
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(
            self.words, cwd=service, env=dict(self.environment), check=True, capture_output=True
        )
        spent = time.perf_counter() - begun
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return spent, cpu


def main() -> int:
    """Create a template with two releases and a service of the first, and measure."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="roadbed-bench-") as name:
        folder = Path(name)
        template = _template(folder)
        service = _service(template, folder / "service", options.plan)
        commands = _commands(service, folder)
        commands["roadbed update, after a dry run"].measured(service)  # fill the cache
        rounds = [_round(commands, service) for _ in range(options.rounds)]
        text = _page(rounds, len(_git(service, "ls-files")), options.plan)
    sys.stdout.write(text)
    if not options.dry:
        PAGE.write_text(text, encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.cli", description=__doc__)
    parser.add_argument("--plan", default="fastapi-service")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--dry", action="store_true", help="print the table and write no file")
    return parser.parse_args()


def _template(folder: Path) -> Path:
    """Return a template: this checkout's commit as 1.0.0, and a small 1.1.0.

    The second release changes a managed and a merged file.
    """
    root = folder / "template"
    _git(folder, "clone", "--quiet", "--no-tags", str(ROOT), str(root))
    _git(root, "tag", "v1.0.0")
    policy = root / "templates" / "_shared" / POLICY
    policy.write_text(policy.read_text() + "\n[release]\nsecond = true\n")
    for path in root.glob(f"templates/*/{MANIFEST_FILE}"):
        entries = parse_manifest(path.read_text())
        blob = blob_id(policy.read_bytes())
        path.write_text(
            manifest_text(replace(it, blob=blob) if it.path == POLICY else it for it in entries)
        )
    for path in root.glob("templates/*/pyproject.toml.jinja"):
        path.write_text(path.read_text().replace(_TOOL, f'{_TOOL}    "platform-tool",\n'))
    _git(root, *_AUTHOR, "commit", "--quiet", "--all", "--message", "Release")
    _git(root, "tag", "v1.1.0")
    return root


def _service(template: Path, root: Path, plan: str) -> Path:
    """Return a committed service of 1.0.0 with a team's lines and many files of its own."""
    copy = ["copier", "copy", "--quiet", "--defaults", "--vcs-ref", "v1.0.0", "-d", f"plan={plan}"]
    subprocess.run([*copy, f"git+file://{template}", str(root)], check=True)
    project = root / "pyproject.toml"
    project.write_text(project.read_text() + "\n[tool.ours]\nlines = 1\n")
    for number in range(FURTHER):
        path = root / "data" / f"{number % 200}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"file {number}\n")
    _git(root, "init", "--quiet", "-b", "main")
    _git(root, "add", "--all")
    _git(root, *_AUTHOR, "commit", "--quiet", "--message", "Start")
    return root


def _commands(service: Path, folder: Path) -> dict[str, Command]:
    def again() -> None:
        _git(service, "reset", "--quiet", "--hard")
        _git(service, "clean", "--quiet", "--force", "-d")
        for name in _git(service, "for-each-ref", "--format=%(refname)", "refs/roadbed"):
            _git(service, "update-ref", "-d", name)
        # refreshes the index, so that no measured command has to
        _git(service, "status", "--porcelain")

    def afresh() -> None:
        again()
        shutil.rmtree(folder / "cold", ignore_errors=True)

    def recorded() -> None:
        afresh()
        # renders only the recorded version
        dry_run = ["roadbed", "update", "--dry-run", "--to", "v1.0.0"]
        subprocess.run(dry_run, cwd=service, env=cold, check=True, capture_output=True)

    cold = {**os.environ, "ROADBED_CACHE": str(folder / "cold")}
    warm = {**os.environ, "ROADBED_CACHE": str(folder / "warm")}
    update = ("roadbed", "update", "--no-lock")
    return {
        "roadbed --help": Command(("roadbed", "--help"), warm, again),
        "roadbed check": Command(("roadbed", "check"), warm, again),
        COPIER: Command(("copier", "update", "--defaults", "--quiet"), warm, again),
        "roadbed update, nothing cached": Command(update, cold, afresh),
        "roadbed update, recorded render cached": Command(update, cold, recorded),
        "roadbed update, after a dry run": Command(update, warm, again),
    }


def _round(commands: Mapping[str, Command], service: Path) -> dict[str, tuple[float, float]]:
    """Measure every command once, in random order."""
    names = random.sample(list(commands), len(commands))
    measured = {name: commands[name].measured(service) for name in names}
    return {name: measured[name] for name in commands}


def _page(rounds: Sequence[Mapping[str, tuple[float, float]]], files: int, plan: str) -> str:
    lines = []
    for name in rounds[0]:
        clock, cpu = (statistics.median(found[name][i] for found in rounds) for i in (0, 1))
        lines.append(f"| `{name}` | {clock:.2f} | {cpu:.2f} | {_judged(name, rounds)} |")
    return _PAGE.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        python=platform.python_version(),
        cores=os.cpu_count(),
        load=os.getloadavg()[0],
        rounds=len(rounds),
        plan=plan,
        files=files,
        further=FURTHER,
        lines="\n".join(lines),
    )


def _judged(name: str, rounds: Sequence[Mapping[str, tuple[float, float]]]) -> str:
    """Return the cells after the times: shares of plain Copier by clock and CPU, and the limit."""
    if name == COPIER:
        return "1 | 1 | "
    shares = [[found[name][i] / found[COPIER][i] for found in rounds] for i in (0, 1)]
    clock, cpu = (f"{statistics.median(share):.2f}" for share in shares)
    unit = "" if "update" in name else " s"
    limit = f"{LIMITS[name]}{unit}" if name in LIMITS else ""
    return f"{clock} | {cpu} | {limit}"


def _git(folder: Path, *arguments: str) -> list[str]:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())
