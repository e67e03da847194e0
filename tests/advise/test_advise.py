"""`roadbed advise` for scripts: formats, files of answers, and mistakes."""

import json
from pathlib import Path

import pytest

from tests.advise.conftest import SCENARIOS, scenario, written
from tests.cli.conftest import Cli

THIN = scenario("thin API")


@pytest.fixture
def file(cli: Cli) -> Path:
    """The thin API's answers, in the command's folder."""
    return written(cli.folder / "thin.toml", THIN)


def test_text(cli: Cli, file: Path) -> None:
    """The recommendation at 80 columns, without color, and nothing on standard error."""
    ran = cli.run("advise", "--answers", file.name)

    assert (0, "") == (ran.code, ran.err)
    assert "Recommended: fastapi-service, clear: 8 points before django-monolith" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "\x1b[" not in ran.out
    for title in ("What speaks for it:", "Risks:", "The first ninety days:"):
        assert f"\n{title}\n" in ran.out
    assert {"thin.toml"} == cli.files()


def test_json(cli: Cli, file: Path) -> None:
    """Everything, for machines; the contributions add up to the scores."""
    ran = cli.run("advise", "--answers", file.name, "--json")
    data = json.loads(ran.out)

    assert ("fastapi-service", "clear", 8) == (data["plan"], data["confidence"], data["lead"])
    assert {"orm": "sqlmodel", "auth": "oidc", "api_shape": "rest"} == data["choices"]
    sums = {
        plan: sum(it["points"][plan] for it in data["contributions"]) for plan in data["scores"]
    }
    assert {**sums, "hybrid": sums["hybrid"] - 4} == data["scores"]
    assert THIN == data["answers"]


def test_markdown(cli: Cli, file: Path) -> None:
    """A page with headings and, when asked, the table of contributions."""
    ran = cli.run("advise", "--answers", file.name, "--markdown", "--explain")

    assert ran.out.startswith("# Recommended: fastapi-service")
    assert "\n## Risks\n" in ran.out
    assert "| what is built | An API that programs call | · | +3 | · |" in ran.out
    assert "| +3 |" in ran.out


def test_explain(cli: Cli, file: Path) -> None:
    """Each answer's points and their sum, at 80 columns."""
    out = cli.run("advise", "--answers", file.name, "--explain").out

    *_, last = out.splitlines()
    assert ["sum", "1", "9", "-4"] == last.split()
    assert max(map(len, out.splitlines())) <= 80


def test_defaults(cli: Cli) -> None:
    """Without answers, the assumptions; nothing is written."""
    ran = cli.run("advise", "--defaults", "--json")

    assert "django-monolith" == json.loads(ran.out)["plan"]
    assert set() == cli.files()


def test_defaults_for_the_rest(cli: Cli) -> None:
    """What was answered counts, the rest is assumed, and the file stays as it is."""
    file = written(cli.folder / "some.toml", {"product": "api", "load": "streaming"})
    before = file.read_text()

    ran = cli.run("advise", "--answers", "some.toml", "--defaults", "--json")

    assert "fastapi-service" == json.loads(ran.out)["plan"]
    assert before == file.read_text()


def test_what_was_assumed(cli: Cli) -> None:
    """Who assumes is told what; a file that is not there is no answer."""
    file = written(cli.folder / "some.toml", {"product": "api"})
    ran = cli.run("advise", "--answers", file.name, "--defaults", "--json")
    assert "Assumed, because there is no answer: back_office, backlog," in ran.err
    assert "product" not in ran.err
    cli.run("advise", "--answers", "typo.toml", "--defaults").refused(2, "no file typo.toml")


def test_audit_without_a_trail(cli: Cli) -> None:
    """What a plan does not have is not promised, and is named as a risk."""
    written(cli.folder / "pay.toml", scenario("payment webhooks"))
    out = cli.run("advise", "--answers", "pay.toml").out
    assert "The FastAPI plan has no audit trail: we would build it ourselves." in " ".join(
        out.split()
    )
    assert "Have an auditor read" not in out


def test_a_near_tie(cli: Cli) -> None:
    """A close call says that it is one, and what would settle it."""
    name = next(it["name"] for it in SCENARIOS if it.get("close"))
    written(cli.folder / "middle.toml", scenario(name))
    out = cli.run("advise", "--answers", "middle.toml").out
    assert ", close: 1 point before" in out
    assert "\nIt is close; what would settle it:\n" in out


def test_by_rule(cli: Cli) -> None:
    """Where rules leave one plan, they are told first, and what the points alone would say."""
    written(cli.folder / "django.toml", scenario("existing Django with a mobile app"))
    out = cli.run("advise", "--answers", "django.toml").out
    assert "Recommended: django-monolith, by rule: no other plan is left" in out
    assert out.index("Out of the question:") < out.index("What speaks for it:")
    assert "A Django code base that wants an API gets it inside Django" in " ".join(out.split())


@pytest.mark.parametrize(
    ("answers", "head", "message"),
    [
        ({**THIN, "team": "huge"}, "format = 1\n", "team cannot be 'huge': it is few, mixed"),
        ({**THIN, "weather": "fine"}, "format = 1\n", "there is no question 'weather'"),
        ({"team": "few"}, "format = 1\n", "has no answer to product, back_office"),
        (THIN, "format = 3\n", "`format` is not 1"),
        (THIN, "format = 1\nname = 2\n", "unknown key `name`"),
        (THIN, "format = \n", "it is not valid TOML"),
        (THIN, 'format = 1\nrubric = "gone.toml"\n', "gone.toml cannot be read"),
    ],
)
def test_mistakes(cli: Cli, answers: dict[str, str], head: str, message: str) -> None:
    """One sentence that names the file and what is wrong with it."""
    written(cli.folder / "a.toml", answers, head)
    cli.run("advise", "--answers", "a.toml").refused(
        2, message, "a.toml" if "gone" not in message else ""
    )


def test_no_terminal(cli: Cli) -> None:
    """Where nobody can be asked, the ways out are named."""
    cli.run("advise").refused(2, "--answers", "--defaults")
    cli.run("advise", "--answers", "none.toml").refused(2, "There is no file none.toml")
    cli.run("advise", "--markdown", "--json").refused(2, "--markdown and --json")


def test_a_rubric_of_ones_own(cli: Cli, file: Path) -> None:
    """A platform team's weights count, by option or named in the file of answers."""
    from roadbed.advice.rubric import RUBRIC_FILE  # noqa: PLC0415

    text = RUBRIC_FILE.read_text(encoding="utf-8").replace("api = 3", "api = -9")
    other = text.replace('version = "1"', 'version = "ours"').replace(
        "points = { fastapi-service = 3 }", "points = { django-monolith = 9 }", 1
    )
    (cli.folder / "ours.toml").write_text(other, encoding="utf-8")

    asked = cli.run("advise", "--answers", file.name, "--rubric", "ours.toml", "--json")
    written(file, THIN, 'format = 1\nrubric = "ours.toml"\n')
    named = cli.run("advise", "--answers", file.name, "--json")

    assert asked.out == named.out
    assert ("ours", "django-monolith") == tuple(
        json.loads(named.out)[key] for key in ("rubric", "plan")
    )
