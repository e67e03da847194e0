"""`waivers.toml`: a finding that passes for a while, and what is wrong with a waiver."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

RUFF = ".roadbed/ruff.toml"
JUSTFILE = ".roadbed/justfile"
GOOD = {
    "rule": '"diverged"',
    "path": f'"/{RUFF}"',
    "reason": '"Wide lines until the clients are split."',
    "owner": '"acme/payments"',
    "created": "2026-11-01",
    "expires": "2027-01-31",
}
DURING, AFTER = ("--as-of", "2027-01-31"), ("--as-of", "2027-02-01")


def waive(service: Path, **changes: str | None) -> None:
    """Add a waiver of the edit of RUFF, with other or fewer keys."""
    lines = [f"{key} = {value}" for key, value in {**GOOD, **changes}.items() if value is not None]
    with (service / "waivers.toml").open("a") as file:
        file.write("\n".join(["[[waiver]]", *lines, "", ""]))


@pytest.fixture
def edited(service: Path) -> Path:
    """A service with an edit of a managed file."""
    (service / RUFF).write_text("# ours\n")
    return service


def test_waived(cli: Cli, edited: Path) -> None:
    """Up to and including its last day the finding is shown with it, and passes."""
    waive(edited)

    ran = cli.run("check", "orders", *DURING)

    assert 0 == ran.code
    assert ran.out.splitlines() == [
        f"{RUFF}  diverged, waived until 2027-01-31: Wide lines until the clients are split.",
        "",
        "3 managed files are as the template (v1.0.0) made them; 1 waived.",
    ]


def test_json(cli: Cli, edited: Path) -> None:
    """Machines read whose waiver it is, and why."""
    waive(edited, ticket='"PAY-71"')

    (found,) = json.loads(cli.run("check", "orders", "--json", *DURING).out)["findings"]

    assert (RUFF, "diverged", False) == (found["path"], found["state"], found["fails"])
    assert found["waiver"] == {
        "rule": "diverged",
        "path": f"/{RUFF}",
        "reason": "Wide lines until the clients are split.",
        "owner": "acme/payments",
        "created": "2026-11-01",
        "expires": "2027-01-31",
        "ticket": "PAY-71",
    }


@pytest.mark.parametrize("path", [None, '"*.toml"', '"/.roadbed/"', '".roadbed/*.toml"'])
def test_pattern(cli: Cli, edited: Path, path: str | None) -> None:
    """The path is a gitignore pattern, and without one every path is meant."""
    waive(edited, path=path)
    assert 0 == cli.run("check", "orders", *DURING).code


@pytest.mark.parametrize("changes", [{"rule": '"missing"'}, {"path": '"/.roadbed/justfile"'}])
def test_another(cli: Cli, edited: Path, changes: dict[str, str]) -> None:
    """A waiver of another state or path waives nothing here, and is said to be of no use."""
    waive(edited, **changes)

    ran = cli.run("check", "orders", *DURING)

    assert 1 == ran.code
    assert "1 diverged, 1 waiver-unused, of 4 managed files." in ran.out


def test_expired(cli: Cli, edited: Path) -> None:
    """From the next day the finding fails again, and the waiver with it."""
    waive(edited)

    ran = cli.run("check", "orders", *AFTER)

    assert 1 == ran.code
    assert "1 diverged, 1 waiver-expired, of 4 managed files." in ran.out
    assert (
        f"waiver-expired waiver 1 (diverged in /{RUFF}, acme/payments, until 2027-01-31)" in ran.out
    )


def test_longest(cli: Cli, edited: Path) -> None:
    """Of two waivers the one that holds longer is shown, and neither is unused."""
    waive(edited)
    waive(edited, path=None, expires="2027-06-30")

    ran = cli.run("check", "orders", *DURING)

    assert 0 == ran.code
    assert "waived until 2027-06-30" in ran.out


@pytest.mark.usefixtures("service")
def test_unused(cli: Cli) -> None:
    """A waiver that nothing needs any more is a finding."""
    waive(cli.folder / "orders")

    ran = cli.run("check", "orders", *DURING)

    assert 1 == ran.code
    assert "1 waiver-unused, of 4 managed files." in ran.out
    assert "waiver-unused: delete it" in ran.out


@pytest.mark.usefixtures("service")
def test_not_looked_for(cli: Cli) -> None:
    """A waiver of what only --online finds is not unused because nobody asked online."""
    waive(cli.folder / "orders", rule='"behind"', path=None)
    assert 0 == cli.run("check", "orders", *DURING).code


@pytest.mark.parametrize("rule", ["AUTH003", "ejected", "waiver-unused", "Diverged"])
def test_unknown(cli: Cli, edited: Path, rule: str) -> None:
    """A rule that does not exist, or cannot be waived, is a finding."""
    waive(edited)
    waive(edited, rule=f'"{rule}"', path=None)

    ran = cli.run("check", "orders", *DURING)

    assert 1 == ran.code
    assert f"waiver-unknown waiver 2 ({rule}, acme/payments" in ran.out
    assert "name one of diverged, missing, unexpected, orphan, ignored" in ran.out


def test_fix_respects_it(cli: Cli, edited: Path) -> None:
    """What is waived is not restored; once it has expired it is."""
    waive(edited)
    (edited / JUSTFILE).unlink()

    assert 0 == cli.run("check", "orders", "--fix", *DURING).code
    assert "# ours\n" == (edited / RUFF).read_text()
    assert (edited / JUSTFILE).is_file()

    assert 1 == cli.run("check", "orders", "--fix", *AFTER).code  # the waiver itself
    assert "# ours\n" != (edited / RUFF).read_text()


def test_today(cli: Cli, edited: Path) -> None:
    """Without --as-of the day is today."""
    waive(edited, created="2020-01-01", expires="2020-12-31")
    assert 1 == cli.run("check", "orders").code
    waive(edited, expires="2999-12-31")
    assert "waived until 2999-12-31" in cli.run("check", "orders").out


@pytest.mark.parametrize("day", ["tomorrow", "2027-02-30", "31.1.2027", ""])
@pytest.mark.usefixtures("service")
def test_no_day(cli: Cli, day: str) -> None:
    """A day that is none is quoted."""
    cli.run("check", "orders", "--as-of", day).refused(2, repr(day), "2027-01-31")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": None}, ["waiver 1 has no `reason`", "add the line reason ="]),
        ({"reason": '" "'}, ["an empty `reason`"]),
        ({"reason": "7"}, ["an empty `reason`"]),
        ({"rule": None}, ["has no `rule`"]),
        ({"owner": None}, ["has no `owner`"]),
        ({"created": None}, ["has no `created`"]),
        ({"expires": None}, ["has no `expires`", "expires = 2027-01-31"]),
        ({"expires": '"2027-01-31"'}, ["`expires` that is not a date", "unquoted"]),
        ({"expires": "2027-01-31T10:00:00Z"}, ["`expires` that is not a date"]),
        ({"expires": "2026-10-31"}, ["expires before it is created"]),
        ({"path": '""'}, ["an empty `path`"]),
        ({"path": "7"}, ["an empty `path`"]),
        ({"path": '"!"'}, ["the path '!', which is not a pattern"]),
        ({"until": "2027-01-31"}, ["the unknown key `until`", "remove it"]),
    ],
)
def test_mistakes(cli: Cli, edited: Path, changes: dict[str, str | None], words: list[str]) -> None:
    """Each mistake is one sentence that says which waiver, what, and how it is written."""
    waive(edited, **changes)
    cli.run("check", "orders").refused(2, "waivers.toml", *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[[waiver]\n", ["not valid TOML", "line 1"]),
        (b"\xff", ["not valid TOML"]),
        (b"[waiver]\nrule = 'diverged'\n", ["`waiver`", "[[waiver]]"]),
        (b"waiver = [1]\n", ["`waiver`", "[[waiver]]"]),
        (b"[[waivers]]\n", ["`waivers`", "[[waiver]]"]),
        (b"[[waiver]]\n", ["waiver 1 has no `rule`"]),
    ],
)
def test_no_waivers(cli: Cli, edited: Path, content: bytes, words: list[str]) -> None:
    """A file that is something else is refused as a whole."""
    (edited / "waivers.toml").write_bytes(content)
    cli.run("check", "orders").refused(2, "waivers.toml", *words)


@pytest.mark.parametrize("content", [b"", b"# none\n"])
def test_empty(cli: Cli, service: Path, content: bytes) -> None:
    """A file without waivers waives nothing."""
    (service / "waivers.toml").write_bytes(content)
    assert 0 == cli.run("check", "orders").code
