"""How `bootstrap.py` comes by a uv."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.cli.clones import UV, Clone


@pytest.fixture
def managed_python(tmp_path: Path) -> Path:
    """A Python whose distribution forbids pip to touch it (PEP 668), without the venv module."""
    scratch = tmp_path / "usr"
    version = f"python3.{sys.version_info.minor}"
    library = scratch / "lib" / version
    library.mkdir(parents=True)
    for part in Path(sysconfig.get_path("stdlib")).iterdir():
        if part.name not in {"EXTERNALLY-MANAGED", "venv", "ensurepip"}:
            (library / part.name).symlink_to(part)
    (library / "EXTERNALLY-MANAGED").write_text("[externally-managed]\nError=Ask your system.\n")
    (scratch / "bin").mkdir()
    program = scratch / "bin" / version
    shutil.copy(Path(sys.base_prefix) / "bin" / version, program)
    return program


def wheel(folder: Path, version: str, program: str) -> None:
    """A wheel called uv, whose script is the program."""
    folder.mkdir(exist_ok=True)
    info = f"uv-{version}.dist-info"
    with zipfile.ZipFile(folder / f"uv-{version}-py3-none-any.whl", "w") as archive:
        script = zipfile.ZipInfo(f"uv-{version}.data/scripts/uv")
        script.external_attr = 0o100755 << 16  # a file that may be run
        archive.writestr(script, program)
        metadata = f"Metadata-Version: 2.1\nName: uv\nVersion: {version}\n"
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


def test_externally_managed(bare: Clone, managed_python: Path) -> None:
    """Where pip may not touch the system (PEP 668), bootstrap gets a uv that it knows."""
    wheel(bare.folder / "wheels", "0.13.9", UV)
    wheel(bare.folder / "wheels", "0.14.0", "#!/bin/sh\nexit 1\n")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(bare.folder / "wheels")}
    refused = subprocess.run(
        [managed_python, "-m", "pip", "install", "uv"],
        env=bare.environment(**offline),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "externally-managed-environment" in refused.stderr

    ran = Clone(bare.folder, bare.path, str(managed_python)).run("setup", **offline)

    assert 0 == ran.returncode, ran.stderr
    assert "bootstrap: installing uv into .tools" in ran.stdout
    assert (bare.folder / ".tools/bin/uv").is_file()
    assert [f"sync --quiet --locked --compile-bytecode --python {managed_python}"] == bare.calls


def test_no_uv_to_be_had(bare: Clone) -> None:
    """When pip cannot bring uv: one sentence after pip's own words."""
    env = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(bare.folder), "PIP_CONFIG_FILE": os.devnull}
    base = Clone(bare.folder, bare.path, sys._base_executable)  # type: ignore[attr-defined]
    ran = base.run("setup", **env)
    assert 1 == ran.returncode
    assert "uv could not be installed by pip" in ran.stderr.splitlines()[-1]
