"""What tests of renders look at."""

from pathlib import Path
from typing import Any

import pytest


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep the tests of a plan on one worker, so that each of its variants is rendered once."""
    if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
        asked: dict[str, Any] = item.callspec.params
        if plan := asked.get("plan") or asked.get("answers", {}).get("plan"):
            item.add_marker(pytest.mark.xdist_group(f"renders of {plan}"))


def files(root: Path) -> list[str]:
    """The paths of all files below `root`, relative and sorted."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
