"""What every suite shares: a template to render that is not this checkout."""

from pathlib import Path

import pytest

from roadbed import sources

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def copier_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tagged clone of this checkout with its uncommitted changes, links intact.

    pytest-copier's own fixture copies the whole folder (environments included), replaces links by
    files, and in a git worktree would commit and tag in the real repository.
    """
    source = sources.snapshot(sources.resolve(str(ROOT), "HEAD"), tmp_path_factory.mktemp("source"))
    assert source.folder
    return source.folder
