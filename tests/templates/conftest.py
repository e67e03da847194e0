"""Renders that several tests look at, made once for each worker."""

from collections.abc import Callable
from pathlib import Path

import pytest
from copier import run_copy

from tests.variants import Answers, label

Render = Callable[[Answers], Path]


@pytest.fixture(scope="session")
def render(copier_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Render a variant, or hand out the render of before. Read it; do not write to it."""
    made: dict[str, Path] = {}

    def once(answers: Answers) -> Path:
        name = label(answers)
        if name not in made:
            out = tmp_path_factory.mktemp(name) / "out"
            run_copy(str(copier_template), out, data=dict(answers), defaults=True, quiet=True)
            made[name] = out
        return made[name]

    return once


def files(root: Path) -> list[str]:
    """The paths of all files below `root`, relative and sorted."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
