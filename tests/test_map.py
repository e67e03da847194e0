"""The map in CONTRIBUTING.md has a line for each package, and names nothing that is not there.

A line is a row of a table that starts with paths in backticks. Paths start at the root of the
repository, or at the folder that the heading above the table names:

    ### `cli/roadbed`

    | `commands` | the verbs, one a file |
"""

import re
from pathlib import Path

from bench.code_figures.sources import ROOT, files

PACKAGES = ("cli/roadbed", "chassis/src/chassis", "devissuer/src/devissuer")
_PATH = re.compile(r"`([^`]+)`")


def test_complete() -> None:
    """Every package of the CLI, the chassis and the development issuer has its line."""
    packages = [path for name in PACKAGES for path in _packages(ROOT, name)]
    missing = sorted(set(packages) - set(_map(_contributing())))
    assert not missing, "CONTRIBUTING.md's map lacks a line for: " + ", ".join(missing)


def test_true() -> None:
    """Every path that the map names exists; `<plan>` stands for any name."""
    gone = _gone(ROOT, _map(_contributing()))
    assert not gone, "CONTRIBUTING.md's map names what does not exist: " + ", ".join(gone)


def test_rows() -> None:
    """Rows hold one path or several, start at their heading's folder, and end with a slash or not.

    Other lines, and other cells of a row, are not the map.
    """
    text = """
Run `setup` first.
| folder | tests |
|---|---|
| `copier.yml`, `docs/` | `tests/cli` |
### The CLI: `cli/roadbed`
| `drift/` | compares with `update` |
## `just` recipes
| `releases` | notes |
"""
    expected = ["copier.yml", "docs", "cli/roadbed", "cli/roadbed/drift", "releases"]
    assert expected == _map(text)


def test_packages(tmp_path: Path) -> None:
    """Folders with modules are packages; an `__init__.py` alone, or a folder without, is none."""
    for name in ("shop/__init__.py", "shop/stock/rows.py", "shop/management/__init__.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "shop" / "static").mkdir()
    assert ["shop", "shop/stock"] == _packages(tmp_path, "shop")


def test_gone(tmp_path: Path) -> None:
    """A path that does not exist is named, whether it is spelled out or with a placeholder."""
    (tmp_path / "templates" / "hybrid").mkdir(parents=True)
    named = ["templates/<plan>", "templates/hybrid", "docs", "docs/<plan>", "templates/hybird"]
    assert ["docs", "docs/<plan>", "templates/hybird"] == _gone(tmp_path, named)


def _contributing() -> str:
    return (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def _map(text: str) -> list[str]:
    """Return the paths of the map, without the slash at their end."""
    base, paths = "", []
    for line in text.splitlines():
        if line.startswith("#"):
            heading = _PATH.findall(line)
            base = heading[-1].rstrip("/") + "/" if heading and "/" in heading[-1] else ""
            paths += [base.rstrip("/")] if base else []
        elif line.startswith("| `"):
            cell = line.split("|")[1]
            paths += [base + path.rstrip("/") for path in _PATH.findall(cell)]
    return paths


def _packages(root: Path, package: str) -> list[str]:
    """Return the package and the folders in it that hold modules."""
    folders = {path.parent for path in files(root / package, ".py") if path.stem != "__init__"}
    return sorted({package, *(folder.relative_to(root).as_posix() for folder in folders)})


def _gone(root: Path, paths: list[str]) -> list[str]:
    return [path for path in paths if not any(root.glob(re.sub(r"<\w+>", "*", path)))]
