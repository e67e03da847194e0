"""The commands of docs/guide/advise.md do what the guide says."""

import re
import shlex
from pathlib import Path

from tests.advise.conftest import RUBRIC, scenario, written
from tests.cli.conftest import Cli

GUIDE = (Path(__file__).parents[2] / "docs/guide/advise.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"(?m)^roadbed .+$", GUIDE)


def test_commands(cli: Cli, copier_template: Path) -> None:
    """Each of them runs, with answers that are there; the interview is driven elsewhere."""
    assert COMMANDS[0] == "roadbed advise"
    for name in ("advice.toml", "roadbed-advice.toml"):
        written(cli.folder / name, scenario("integration hub"))
    more = ["--defaults", "--no-install", f"--source={copier_template}"]
    for command in COMMANDS[1:]:
        words = shlex.split(command)[1:]
        ran = cli.run(*words, *(more if words[0] == "new" else ()))
        assert (0, True) == (ran.code, bool(ran.out)), ran.err
    (decision,) = (cli.folder.parent / "orders/docs/adr").glob("0001-*.md")
    assert "FastAPI" in decision.read_text()


def test_limits() -> None:
    """The table of words has the thresholds of the rubric."""
    limits = RUBRIC.thresholds
    assert (2, 6) == (limits.close, limits.clear)
    assert "| clear | six points or more" in GUIDE
    assert "| close | up to two points" in GUIDE
