"""The story that docs/guide/updates.md tells is lived again."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.update import story

GUIDE = Path(__file__).parents[2] / "docs/guide/updates.md"


@pytest.mark.xdist_group("story")
def test_the_guide_tells_what_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """Each row of the guide's table, both exit codes, and what Roadbed says, word for word."""
    own = Path(sys.executable).parent
    monkeypatch.setenv("PATH", os.pathsep.join([str(own), os.environ["PATH"]]))
    guide = GUIDE.read_text()
    with story.template() as made:
        copier, roadbed = story.live(made, "django-monolith", tmp_path)

    rows = re.findall(r"^\| (.+?) \| (\S+) \| (\S+) \|$", guide, re.MULTILINE)
    told = {name: (one == "yes", two == "yes") for name, one, two in rows}
    assert told == {name: (copier.kept[name], roadbed.kept[name]) for name in copier.kept}
    assert (0, 3) == (copier.code, roadbed.code)
    assert home.is_dir()
    report = re.sub(r"(?m)^ *export PATH=.*\n|^Comparing .*\n", "", roadbed.said).strip()
    assert report in guide
