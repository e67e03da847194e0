"""The manifest's format and its writer."""

import subprocess
import sys
from pathlib import Path

import pytest

from roadbed.git.objects import blob_id
from roadbed.service.manifest import MANIFEST_FILE, ManifestEntry, manifest_text, parse_manifest
from tests.cli.conftest import Cli, commit, git

PATH = "templates/hybrid/.roadbed/MANIFEST"


def write(template: Path, mode: str = "--write") -> "subprocess.CompletedProcess[str]":
    """Run the maintainer's command on a checkout."""
    command = [
        sys.executable,
        "-m",
        "roadbed.template.build_manifest",
        mode,
        "--source",
        str(template),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_git_says(template: Path) -> None:
    """The ids are git's, the paths sorted, the condition stands where a file needs an answer."""
    text = (template / PATH).read_text()

    entries = parse_manifest(text)
    paths = [entry.path for entry in entries]
    ruff = next(entry for entry in entries if entry.path == ".roadbed/ruff.toml")
    assert sorted(paths) == paths
    assert git(template, "hash-object", "templates/_service/.roadbed/ruff.toml") == ruff.blob
    assert {".github/workflows/_test.yml": "ci=github"} == {
        entry.path: entry.condition for entry in entries if entry.condition
    }
    assert MANIFEST_FILE not in paths


def test_round_trip() -> None:
    """What is written is what is read, spaces in names included."""
    entries = [ManifestEntry("a b/c.txt", "ci=github", "0" * 40), ManifestEntry("d", "", "f" * 40)]
    assert entries == parse_manifest(manifest_text(reversed(entries)))


def test_stale(template: Path) -> None:
    """--check names a stale manifest and fails; --write fixes it, dirty or not; twice is once."""
    assert 0 == write(template, "--check").returncode
    (template / "templates/_service/.roadbed/ruff.toml").write_text("line-length = 99\n")

    stale = write(template, "--check")
    assert (1, True) == (stale.returncode, f"{template / PATH} is stale" in stale.stderr)
    assert 0 == write(template).returncode
    written = (template / PATH).read_text()
    assert 0 == write(template).returncode
    assert written == (template / PATH).read_text()
    assert 0 == write(template, "--check").returncode


def test_not_the_same_bytes(template: Path) -> None:
    """A managed file whose bytes depend on an answer is refused, and nothing is written."""
    source = template / "templates/_service/.roadbed/ruff.toml"
    source.rename(source.with_name("ruff.toml.jinja")).write_text("# {{ ci }}\n")
    before = (template / PATH).read_text()

    ran = write(template)

    assert 1 == ran.returncode
    assert ".roadbed/ruff.toml is managed but differs" in ran.stderr
    assert before == (template / PATH).read_text()


def test_update_keeps_it_true(cli: Cli, template: Path) -> None:
    """After plain `copier update` to a release with a new manifest, the service checks clean."""
    new = ("new", "hybrid", "orders", "--defaults", "--no-install", f"--source={template}")
    assert 0 == cli.run(*new).code
    (template / "templates/_service/.roadbed/ruff.toml").write_text("line-length = 99\n")
    write(template)
    commit(template, "Change a managed file")
    git(template, "tag", "v1.1.0")
    service = cli.folder / "orders"

    command = [str(Path(sys.executable).with_name("copier")), "update", "--defaults"]
    subprocess.run(command, cwd=service, check=True, capture_output=True, env=dict(cli.environment))

    assert "(v1.1.0)" in cli.run("check", "orders").out


@pytest.mark.parametrize("content", [b"", b"x", b"line\r\n", b"\0\xff" * 5000])
def test_blob_id(tmp_path: Path, content: bytes) -> None:
    """Any bytes get the id that git gives them."""
    (tmp_path / "file").write_bytes(content)
    assert git(tmp_path, "hash-object", "--no-filters", "file") == blob_id(content)
