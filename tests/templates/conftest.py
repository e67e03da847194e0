"""What tests of renders look at."""

from pathlib import Path


def files(root: Path) -> list[str]:
    """The paths of all files below `root`, relative and sorted."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
