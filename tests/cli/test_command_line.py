"""The command as a whole: help, mistakes, defects, colors and speed."""

import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import pexpect
import pytest

from roadbed import __main__ as command_line
from roadbed import terminal as output
from roadbed.commands import check
from tests.cli.conftest import Cli

COLOR = "\x1b["


def test_help(cli: Cli) -> None:
    """Every verb and option explains itself within 80 columns, without color."""
    verbs = re.findall(r"(?m)^  ([\w-]+)  ", cli.run("--help").out.partition("Commands:")[2])
    assert {"new", "check", "update"} < {*verbs}
    for arguments in (["--help"], *([verb, "-h"] for verb in verbs)):
        ran = cli.run(*arguments)
        assert (0, "") == (ran.code, ran.err)
        assert max(map(len, ran.out.splitlines())) <= 80
        assert not re.search(r"[a-z]\.\.\.$", ran.out, re.MULTILINE), "a sentence was cut"
        assert COLOR not in ran.out


def test_no_words(cli: Cli) -> None:
    """Who types the name alone is told what there is."""
    ran = cli.run()
    assert (0, cli.run("--help").out) == (ran.code, ran.out)


def test_version(cli: Cli) -> None:
    """--version is the name and the number."""
    assert re.fullmatch(r"roadbed \d+\.\d+\.\d+\n", cli.run("--version").out)


def cpu_seconds(*command: str) -> float:
    """What a command costs, whatever else the machine does."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def test_fast() -> None:
    """Help costs little more than importing Typer (0.1 s on two idle cores); best of five."""
    pairs = [
        (
            cpu_seconds(sys.executable, "-c", "import typer"),
            cpu_seconds(sys.executable, "-m", "roadbed", "--help"),
        )
        for _ in range(5)
    ]
    typer, ours = (min(times) for times in zip(*pairs, strict=True))
    assert ours < 1.5 * typer


def test_imports() -> None:
    """Help imports no verb, and neither Copier nor what Copier brings: most of its time."""
    code = (
        "import sys; from roadbed.__main__ import run; run(['--help']);"
        "heavy = {'copier', 'yaml', 'pathspec', 'rich', 'jinja2', 'roadbed.commands'};"
        "print(sorted(heavy & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["neww"], "No such command 'neww'"),
        (["eject"], "Missing argument 'files'"),
        (["new", "hybrid", "x", "--color"], "No such option"),
        (["check", "--json=yes"], "--json"),
        (["new", "hybrid", "x", "-d"], "requires an argument"),
    ],
)
def test_usage(cli: Cli, arguments: list[str], word: str) -> None:
    """Typer's own refusals are one sentence of ours, with its exit code."""
    cli.run(*arguments).refused(2, word, "--help")


def test_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What nobody foresaw: our defect, 70, and where the traceback is; no traceback on screen."""

    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(check, "check_service", explode)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    assert 70 == command_line.run(["check"])
    said = capsys.readouterr().err
    assert 1 == len(said.splitlines())
    saved = re.search(r"saved in (\S+\.log)\.", said)
    assert saved
    assert "RuntimeError: unforeseen" in Path(saved[1]).read_text()
    assert 0o600 == Path(saved[1]).stat().st_mode & 0o777


def test_reader_leaves(cli: Cli, service: Path) -> None:
    """`roadbed check | head` says nothing about pipes."""
    (service / ".roadbed/justfile").unlink()
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        cli.command("check", "orders"),
        cwd=cli.folder,
        env=dict(cli.environment),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert "" == done.stderr


@pytest.mark.parametrize("no_color", [False, True])
def test_terminal(cli: Cli, released: Path, no_color: bool) -> None:
    """On a terminal steps are live, color is there unless NO_COLOR is, and lines fit."""
    env = {**cli.environment, "TERM": "xterm", **({"NO_COLOR": "1"} if no_color else {})}
    program, *arguments = cli.command(
        "new", "hybrid", "orders", "--defaults", "--no-install", f"--source={released}"
    )
    terminal = pexpect.spawn(
        program, arguments, cwd=str(cli.folder), env=env, encoding="utf-8", timeout=60
    )
    said = terminal.read()
    assert "done  Rendering hybrid" in said.replace("\x1b[32m", "").replace("\x1b[0m", "")
    assert no_color is ("\x1b[32m" not in said)


def test_error_on_terminal(cli: Cli) -> None:
    """A long sentence is wrapped between words at 80 columns on a terminal."""
    program, *arguments = cli.command("check", "/nowhere/" + "x" * 30)
    terminal = pexpect.spawn(
        program,
        arguments,
        cwd=str(cli.folder),
        env={**cli.environment, "TERM": "xterm", "NO_COLOR": "1"},
        dimensions=(24, 80),
        encoding="utf-8",
    )
    said = terminal.read().splitlines()
    assert 2 == len(said)
    assert max(map(len, said)) <= 80
    assert said[0].startswith("roadbed: There is no folder")


def test_table_fits() -> None:
    """The last column gives way, and numbers stand under each other."""
    rows = [("a" * 30, "1", "y" * 90), ("b", "100", "z")]
    first, second = output.layout(rows, right={1})
    assert (80, "…") == (len(first), first[-1])
    assert first.index("1  ") == second.index("100") + 2
