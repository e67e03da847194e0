"""The naive template as a repository: `v1/`, what is no text, and one later release."""

import shutil
from pathlib import Path

from tests.update.history.releases import git, release, replace

HERE = Path(__file__).parent
PICTURE = b"\x89PNG\r\n\x1a\n\0"
NAMES = "Ada\nGrace\nHedy\nKatherine\nZoë\n"


def build(root: Path) -> None:
    """Make the repository in the folder `root`, which must not exist: v1.0.0 and v2.0.0."""
    shutil.copytree(HERE / "v1", root)
    files = root / "templates/service"
    for name in ("logo.png", "badge.png"):
        (files / name).write_bytes(PICTURE + b"the template's")
    (files / "names.txt").write_bytes(NAMES.encode("latin-1"))
    git(root, "init", "--quiet", "-b", "main")
    release(root, "v1.0.0")
    v2_0_0(files)
    release(root, "v2.0.0")


def v2_0_0(files: Path) -> None:
    """What each case needs; the README of this folder is the list."""
    (files / "handbook.md").unlink()
    (files / "server.py").unlink()
    (files / "config").mkdir()
    (files / "settings.toml").rename(files / "config/settings.toml")
    replace(files / "config/settings.toml", "seconds = 30", "seconds = 60")
    (files / "badge.png").write_bytes(PICTURE + b"the template's second")
    (files / "names.txt").write_bytes(f"{NAMES}Björn\n".encode("latin-1"))
    replace(files / "notes.md", "Third.", "Third and last.")
    replace(files / ".roadbed/policy.toml", "months = 12", "months = 6")
    ownership = files / ".roadbed/ownership.toml"
    replace(ownership, '    "/handbook.md",\n', '    "/config/**",\n')
    replace(ownership, '    "/settings.toml",\n', "")
    replace(ownership, '["/server.py"]', "[]")
