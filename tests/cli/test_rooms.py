"""The rooms of the CLI: one verb a file, and packages that import nothing."""

import ast
from pathlib import Path

import pytest

from roadbed.__main__ import VERBS

ROOT = Path(__file__).parents[2] / "cli/roadbed"


@pytest.mark.parametrize(
    "room", sorted(ROOT.rglob("__init__.py")), ids=lambda path: path.parent.name
)
def test_package(room: Path) -> None:
    """A package says in its docstring what is in it, and does nothing when it is imported."""
    tree = ast.parse(room.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert 1 == len(tree.body)


def test_verbs() -> None:
    """Every verb has one module with its function; the other modules are shared by verbs."""
    shared = {"__init__", "document", "options"}
    modules = {path.stem for path in (ROOT / "commands").glob("*.py")} - shared
    assert modules == {verb.replace("-", "_") for verb in VERBS}
    for name in modules:
        tree = ast.parse((ROOT / f"commands/{name}.py").read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
