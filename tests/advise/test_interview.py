"""The interview in a real terminal of 80 columns: forth, back, stopped, resumed and changed."""

import re
import sys
from pathlib import Path

import pexpect
import pytest

from roadbed.advice.rubric import RUBRIC_FILE
from tests.advise.conftest import RUBRIC, scenario, written
from tests.cli.conftest import Cli

PROMPT = r"\[\d\]: $"
REVIEW = "to change one, or q: $"
SHEET = "roadbed-advice.toml"
Terminal = pexpect.spawn


@pytest.fixture
def screen(cli: Cli) -> "Terminal[str]":
    """The command, as it asks its first question."""
    return start(cli)


def start(cli: Cli, *arguments: str, **environment: str) -> "Terminal[str]":
    """The command in a terminal without color."""
    terminal: Terminal[str] = pexpect.spawn(
        sys.executable,
        ["-m", "roadbed", "advise", *arguments],
        cwd=str(cli.folder),
        env={**cli.environment, "NO_COLOR": "1", "TERM": "xterm", **environment},
        encoding="utf-8",
        dimensions=(24, 80),
        timeout=30,
        echo=False,
    )
    return terminal


def reply(terminal: "Terminal[str]", typed: str, prompt: str = PROMPT) -> str:
    """Type something at the prompt; returns what was shown before it."""
    terminal.expect(prompt)
    shown = terminal.before or ""
    terminal.sendline(typed)
    return shown


def ended(terminal: "Terminal[str]") -> str:
    """What was shown up to the end."""
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.before or ""


def kept(cli: Cli) -> dict[str, str]:
    """The answers in the file."""
    text = (cli.folder / SHEET).read_text(encoding="utf-8")
    return dict(re.findall(r'(?m)^(\w+) = "(\w+)"$', text))


def test_enter(cli: Cli, screen: "Terminal[str]") -> None:
    """Enter twelve times takes the defaults; the review shows them; then the advice."""
    shown = [reply(screen, "") for _ in RUBRIC.criteria]
    review = reply(screen, "", REVIEW)
    advice = ended(screen)

    assert f"Your answers are kept in {SHEET} (a new file)." in shown[0]
    assert "12 of 12: audit" in shown[11]
    assert "who signs in" in review
    assert "Recommended: django-monolith" in advice
    assert f"roadbed new ../my-service --advice {SHEET}" in advice
    assert {it.id: it.default for it in RUBRIC.criteria} == kept(cli)
    assert 0 == screen.exitstatus
    lines = "".join([*shown, review, advice]).splitlines()
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in "".join(lines)


def test_a_company(cli: Cli, screen: "Terminal[str]") -> None:
    """Numbers and names answer as they are shown."""
    answers = scenario("logistics with a small platform")
    for number, criterion in enumerate(RUBRIC.criteria):
        ids = [option.id for option in criterion.options]
        place = ids.index(answers[criterion.id]) + 1
        reply(screen, answers[criterion.id] if number % 2 else str(place))
    reply(screen, "", REVIEW)
    assert "Recommended: hybrid, likely" in ended(screen)
    assert answers == kept(cli)


def test_back_and_why(cli: Cli, screen: "Terminal[str]") -> None:
    """? says why, b goes back to what was answered, nonsense is named; nothing is skipped."""
    reply(screen, "3")
    reply(screen, "?")
    assert "FastAPI each screen is built" in reply(screen, "b")
    again = reply(screen, "9")
    assert "1 of 12" in again
    assert "'9' is not an option: type 1 to 4, ?, b or q." in reply(screen, "b")
    assert "1 of 12" in reply(screen, "")
    assert "2 of 12" in reply(screen, "q")
    ended(screen)
    assert {"product": "api"} == kept(cli)


@pytest.mark.parametrize("how", ["q", "\x04"])
def test_stopped_and_resumed(cli: Cli, screen: "Terminal[str]", how: str) -> None:
    """q and Ctrl-D keep what was answered; the same command asks for the rest."""
    reply(screen, "2")
    reply(screen, how)
    said = ended(screen)
    assert f"Your answers are in {SHEET}; `roadbed advise` goes on from" in " ".join(said.split())
    assert (0, False) == (screen.exitstatus, "interrupted" in said)

    again = start(cli)
    first = reply(again, "q")
    assert "(1 so far)" in first
    assert "2 of 12" in first
    ended(again)
    assert {"product": "internal"} == kept(cli)


def test_interrupted(cli: Cli, screen: "Terminal[str]") -> None:
    """Ctrl-C ends it as it ends everything, and what was answered is kept."""
    reply(screen, "2")
    screen.expect(PROMPT)
    screen.sendintr()
    said = ended(screen)
    assert ("`roadbed advise` goes on", "interrupted.") == tuple(
        it for it in ("`roadbed advise` goes on", "interrupted.") if it in " ".join(said.split())
    )
    assert "Traceback" not in said
    assert 130 == screen.exitstatus
    assert {"product": "internal"} == kept(cli)


def test_change_at_the_end(cli: Cli, screen: "Terminal[str]") -> None:
    """The review lets any answer be changed; the next run begins with the review."""
    for _ in RUBRIC.criteria:
        reply(screen, "")
    reply(screen, "13", REVIEW)
    assert "'13' is not an option" in reply(screen, "5", REVIEW)
    reply(screen, "b")
    reply(screen, "1", REVIEW)
    assert "1 of 12" in reply(screen, "3")
    assert "what is built: An API that programs call" in reply(screen, "q", REVIEW)
    ended(screen)

    again = start(cli)
    assert "what is built: An API that programs call" in reply(again, "", REVIEW)
    ended(again)
    assert "api" == kept(cli)["product"]


def test_color(cli: Cli) -> None:
    """On a terminal that has it, titles are bold."""
    environment = {key: it for key, it in cli.environment.items() if key != "NO_COLOR"}
    screen: Terminal[str] = pexpect.spawn(
        sys.executable,
        ["-m", "roadbed", "advise"],
        cwd=str(cli.folder),
        env={**environment, "TERM": "xterm"},
        encoding="utf-8",
    )
    screen.expect_exact("\x1b[1m1 of 12: what is built\x1b[0m")
    screen.close(force=True)


def test_a_folder_that_cannot_be_written(cli: Cli) -> None:
    """An answer that cannot be kept is said at once, with the way out."""
    (cli.folder / "file").touch()
    screen = start(cli, "--answers", "file/where.toml")
    assert "file/where.toml" in ended(screen)
    assert 5 == screen.exitstatus


def test_only_what_is_missing(cli: Cli, tmp_path: Path) -> None:
    """A file that somebody wrote by hand is completed: what it answers is not asked."""
    path = tmp_path / "mine.toml"
    path.write_text('format = 1\n[answers]\nback_office = "much"\n', encoding="utf-8")
    screen = start(cli, "--answers", str(path))
    assert "1 of 12" in reply(screen, "1")
    assert "3 of 12" in reply(screen, "q")
    ended(screen)
    assert 'product = "product"\nback_office = "much"' in path.read_text(encoding="utf-8")


def test_a_rubric_of_ones_own(cli: Cli) -> None:
    """It is kept with the answers, also where all of them were there, and counts afterwards."""
    text = RUBRIC_FILE.read_text(encoding="utf-8").replace(
        "points = { fastapi-service = 3 }", "points = { django-monolith = 9 }", 1
    )
    (cli.folder / "ours.toml").write_text(text, encoding="utf-8")
    written(cli.folder / SHEET, scenario("thin API"))
    screen = start(cli, "--rubric", "ours.toml")
    reply(screen, "", REVIEW)
    assert "Recommended: django-monolith" in ended(screen)

    ran = cli.run("advise", "--answers", SHEET, "--json")

    assert '"plan": "django-monolith"' in ran.out
    assert 'rubric = "ours.toml"' in (cli.folder / SHEET).read_text()


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        (
            "existing Django with a mobile app",
            ["roadbed adopt . -d plan=django-monolith -d tenancy=single -d web_api=drf"],
        ),
        (
            "existing Django beside a streaming edge",
            [
                "roadbed adopt . -d plan=django-monolith -d tenancy=organizations -d web_api=drf",
                "roadbed grow hybrid",
            ],
        ),
        ("bank with audit", []),
    ],
)
def test_code_that_runs_today(cli: Cli, name: str, commands: list[str]) -> None:
    """For a Django code base, the way under the plan is shown before the way to a new service."""
    written(cli.folder / SHEET, scenario(name))
    screen = start(cli)
    reply(screen, "", REVIEW)
    shown = [line.strip() for line in ended(screen).partition("Next:")[2].split("\r\n")]
    explain, new = (
        f"roadbed advise --answers {SHEET} --explain",
        f"roadbed new ../my-service --advice {SHEET}",
    )
    assert [explain, *commands, new] == [line for line in shown if line]
