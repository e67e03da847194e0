"""`roadbed check --diff`: what differs, line by line."""

import json
from pathlib import Path

import pexpect
import pytest

from tests.cli.conftest import Cli, git

RUFF = ".roadbed/ruff.toml"
THEIRS = "# Managed by Roadbed.\nline-length = 100\n"
HEAD = [f"--- template/{RUFF}", f"+++ yours/{RUFF}"]


def difference(cli: Cli, service: Path, content: bytes) -> list[str]:
    """What --diff prints when the file has these bytes, up to the report."""
    (service / RUFF).write_bytes(content)
    ran = cli.run("check", "--diff", "orders")
    assert 1 == ran.code
    return ran.out.partition("\n\n")[0].splitlines()


def test_diff(cli: Cli, service: Path) -> None:
    """A unified difference from the template's lines to the team's, then the report."""
    shown = difference(cli, service, THEIRS.replace("100", "120").encode())

    assert shown == [
        *HEAD,
        "@@ -1,2 +1,2 @@",
        " # Managed by Roadbed.",
        "-line-length = 100",
        "+line-length = 120",
    ]
    report = cli.run("check", "--diff", "orders").out.partition("\n\n")[2]
    assert cli.run("check", "orders").out == report


def test_missing(cli: Cli, service: Path) -> None:
    """A missing file is gone as a whole."""
    (service / RUFF).unlink()
    shown = cli.run("check", "--diff", "orders").out.partition("\n\n")[0].splitlines()
    assert shown == [
        HEAD[0],
        "+++ /dev/null",
        "@@ -1,2 +0,0 @@",
        *(f"-{line}" for line in THEIRS.splitlines()),
    ]


@pytest.mark.parametrize(
    ("content", "changed"),
    [
        (THEIRS[:-1], ["-line-length = 100", "+line-length = 100", "\\ No newline at end of file"]),
        (THEIRS.replace("\n", "\r\n"), ["+# Managed by Roadbed.\r", "+line-length = 100\r"]),
        ("# Managed by\fRoadbed.\nline-length = 100\n", ["+# Managed by\fRoadbed."]),
        ("", ["-# Managed by Roadbed.", "-line-length = 100"]),
        (THEIRS + "ä = 'é'\n", ["+ä = 'é'"]),
    ],
)
def test_line_ends(cli: Cli, service: Path, content: str, changed: list[str]) -> None:
    """Lines end at a line feed and nowhere else, and a last line without one is said to be so."""
    (service / RUFF).write_bytes(content.encode())

    report = json.loads(cli.run("check", "--diff", "--json", "orders").out)

    shown = report["differences"][RUFF].removesuffix("\n").split("\n")
    assert [] == [line for line in changed if line not in shown]


@pytest.mark.parametrize("content", [b"\0", b"line\n\xff\n", THEIRS.encode("utf-16")])
def test_binary(cli: Cli, service: Path, content: bytes) -> None:
    """What is no text is named, not shown."""
    shown = difference(cli, service, content)
    assert [f"Binary files template/{RUFF} and yours/{RUFF} differ"] == shown


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_no_file(cli: Cli, service: Path, kind: str) -> None:
    """A link is not followed, and a folder not read."""
    (service / RUFF).unlink()
    if kind == "link":
        (service / RUFF).symlink_to("/etc/passwd")
    else:
        (service / RUFF).mkdir()
    ran = cli.run("check", "--diff", "orders")
    assert f"{RUFF} is a {kind} here, and a file in the template" == ran.out.splitlines()[0]


def test_behind_a_link(cli: Cli, service: Path) -> None:
    """What a linked folder leads to is not shown as the service's."""
    (service / ".github").rename(service / "elsewhere")
    (service / ".github").symlink_to("elsewhere")
    ran = cli.run("check", "--diff", "orders")
    assert ".github/workflows/_test.yml is behind the link .github" == ran.out.splitlines()[0]


def test_applies(cli: Cli, service: Path) -> None:
    """What is printed is a patch: git takes the edit away with it."""
    shown = difference(cli, service, THEIRS.replace("100", "120").encode())
    (cli.folder / "patch").write_text("\n".join([*shown, ""]))

    git(service, "apply", "--reverse", "../patch")

    assert THEIRS == (service / RUFF).read_text()


def test_diff_and_fix(cli: Cli, service: Path) -> None:
    """Together they show what is then taken away."""
    (service / RUFF).write_text("# ours\n")

    report = json.loads(cli.run("check", "--diff", "--fix", "--json", "orders").out)

    assert "+# ours\n" in report["differences"][RUFF]
    assert [] == report["findings"]


@pytest.mark.usefixtures("service")
def test_clean(cli: Cli) -> None:
    """Where nothing differs, nothing is added to the report."""
    assert cli.run("check", "orders").out == cli.run("check", "--diff", "orders").out
    assert {} == json.loads(cli.run("check", "--diff", "--json", "orders").out)["differences"]


@pytest.mark.parametrize("no_color", [False, True])
def test_color(cli: Cli, service: Path, no_color: bool) -> None:
    """Removed lines are red and added ones green, on a terminal alone."""
    (service / RUFF).write_text("# ours\n")
    program, *arguments = cli.command("check", "--diff", "orders")
    env = {**cli.environment, "TERM": "xterm", **({"NO_COLOR": "1"} if no_color else {})}
    terminal = pexpect.spawn(program, arguments, cwd=str(cli.folder), env=env, encoding="utf-8")

    said = terminal.read()

    assert no_color is ("\x1b[32m+# ours\x1b[0m" not in said)
    assert "\x1b" not in cli.run("check", "--diff", "orders").out
