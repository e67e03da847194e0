"""Killed, interrupted or out of space in the middle: never a folder that looks finished."""

import errno
import os
import signal
import subprocess
import time
from pathlib import Path

import pexpect
import pytest

from roadbed import __main__ as command_line
from tests.cli.conftest import Cli, git

NEW = ("new", "hybrid", "orders", "--defaults", "--no-install")
SLOW = "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}\n"


@pytest.fixture
def slow(template: Path) -> str:
    """A template of which every file takes a while to render."""
    for number in range(50):
        (template / f"templates/_service/{number}.txt.jinja").write_text(SLOW)
    git(template, "add", "-A")
    git(template, "commit", "--quiet", "-m", "Slow")
    git(template, "tag", "v2.0.0")
    return f"--source={template}"


def drafts(cli: Cli) -> list[Path]:
    """The folders in which rendering goes on."""
    return list(cli.folder.glob(".roadbed-new-*"))


def rendering(cli: Cli, source: str) -> "subprocess.Popen[str]":
    """The command, in the middle of rendering."""
    process = cli.start(*NEW, source)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if any(any(draft.iterdir()) for draft in drafts(cli)):
            return process
        time.sleep(0.02)
    process.kill()
    pytest.fail("it never began to render")


def test_killed(cli: Cli, slow: str, released: Path) -> None:
    """After kill -9 there is no target; the next run works and leaves what it did not make."""
    process = rendering(cli, slow)
    process.kill()
    process.communicate()
    left = drafts(cli)

    assert not (cli.folder / "orders").exists()
    assert len(left) == 1
    assert cli.run(*NEW, f"--source={released}").code == 0
    assert left == drafts(cli)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted(cli: Cli, slow: str, number: signal.Signals) -> None:
    """A polite signal, even twice: 130, and nothing is left."""
    process = rendering(cli, slow)
    os.killpg(process.pid, number)
    os.killpg(process.pid, number)
    _, said = process.communicate(timeout=30)

    assert (process.returncode, said.strip().splitlines()[-1]) == (130, "roadbed: interrupted.")
    assert list(cli.folder.iterdir()) == []


def test_full_disk_anywhere(
    cli: Cli, released: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No space while Copier writes: a sentence, exit 5, and the draft is gone."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere/file")

    monkeypatch.setattr("copier.run_copy", full)
    monkeypatch.chdir(cli.folder)

    assert command_line.run([*NEW, f"--source={released}"]) == 5
    assert "(/somewhere/file): no space left on device; free some" in capsys.readouterr().err
    assert list(cli.folder.iterdir()) == []


def ask(cli: Cli, source: Path) -> "pexpect.spawn[str]":
    """The command on a terminal of 80 columns, asking."""
    program, *arguments = cli.command(
        "new", "hybrid", "orders", "--no-install", f"--source={source}"
    )
    return pexpect.spawn(
        program,
        arguments,
        cwd=str(cli.folder),
        env={**cli.environment, "TERM": "xterm"},
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=30,
    )


def test_questions(cli: Cli, released: Path) -> None:
    """On a terminal what is not answered is asked, with the folder's name suggested."""
    terminal = ask(cli, released)
    terminal.expect("What is the name of the service")
    terminal.expect("orders")
    terminal.send("\r")
    terminal.expect("Which API")
    terminal.send("\x1b[B\r")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert terminal.exitstatus == 0
    recorded = (cli.folder / "orders/.copier-answers.yml").read_text()
    assert "project_name: orders" in recorded
    assert "web_api: none" in recorded


def test_interrupted_question(cli: Cli, released: Path) -> None:
    """Ctrl-C at a question: 130, one sentence, nothing left."""
    terminal = ask(cli, released)
    terminal.expect("What is the name of the service")
    terminal.send("\x03")
    terminal.expect("interrupted")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert terminal.exitstatus == 130
    assert list(cli.folder.iterdir()) == []
