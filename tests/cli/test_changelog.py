"""CHANGELOG.md comes from the notes."""

import subprocess
import sys
from pathlib import Path

from roadbed.releases import changelog
from tests.cli.conftest import commit

ROOT = Path(__file__).parents[2]
NOTE = '[[change]]\nkind = "fixed"\nsummary = "{}"\n'


def run(mode: str, checkout: Path) -> "subprocess.CompletedProcess[str]":
    """Run the maintainer's command on a checkout."""
    command = [sys.executable, "-m", "roadbed.releases.changelog", mode, f"--source={checkout}"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_ours_is_current() -> None:
    """What lies here is what the notes say: else run `just changelog`."""
    assert changelog.text(ROOT) == (ROOT / "CHANGELOG.md").read_text()


def test_newest_first(template: Path) -> None:
    """--write puts the newest first and an empty release nowhere; --check names a stale file."""
    folder = template / "releases"
    folder.mkdir()
    for name, day in (("1.9.0", 1), ("1.10.0", 2)):
        text = f"date = 2026-01-0{day}\n{NOTE.format(name)}"
        (folder / f"{name}.toml").write_text(text)
    (folder / "next.toml").write_text(NOTE.format("coming"))
    commit(template, "Notes")

    stale = run("--check", template)
    assert (1, True) == (stale.returncode, "CHANGELOG.md is stale" in stale.stderr)
    assert 0 == run("--write", template).returncode
    assert 0 == run("--check", template).returncode
    lines = (template / "CHANGELOG.md").read_text().splitlines()
    headings = [line for line in lines if line.startswith("## ")]
    assert ["## Unreleased", "## 1.10.0 (2026-01-02)", "## 1.9.0 (2026-01-01)"] == headings

    (folder / "next.toml").write_text("# nothing\n")
    assert "## Unreleased" not in changelog.text(template)


def test_broken_note(template: Path) -> None:
    """A broken note is said in a sentence, and the changelog stays."""
    (template / "releases").mkdir()
    (template / "releases/next.toml").write_text(NOTE.replace("fixed", "new"))

    ran = run("--write", template)

    assert (2, False) == (ran.returncode, (template / "CHANGELOG.md").exists())
    assert "releases/next.toml, change 1 needs a `kind`" in ran.stderr
    assert "Traceback" not in ran.stderr
