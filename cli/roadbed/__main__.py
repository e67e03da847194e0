"""The command line: the list of verbs, and the exit code of a command."""

import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from roadbed import terminal
from roadbed.errors import Exit, RoadbedError
from roadbed.git.command import clear_git_environment

VERBS = {
    "advise": "Find out which plan fits, and why",
    "new": "Make a service from a plan",
    "demo": "Run a temporary service to see what a plan gives you",
    "check": "Show where a service differs from its template",
    "lost-edits": "Name the edits of yours that an update has lost",
    "update": "Bring a newer version of the platform and keep your edits",
    "eject": "Take managed files over; updates then leave them alone",
    "grow": "Give a monolith or a service its other half",
    "adopt": "Bring a repository that was never generated under a plan",
}
# Windows has no SIGHUP
_INTERRUPTS = {
    name: signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
}


@dataclass
class _Call:
    """One call of the command; a verb with a service's folder notes it for the error document."""

    as_json: bool
    folder: Path | None = None


class _Verb(TyperCommand):
    """A verb of the command line."""

    def invoke(self, ctx: Any) -> object:
        ctx.obj.folder = ctx.params.get("path") if "as_json" in ctx.params else None
        return super().invoke(ctx)


class _Verbs(TyperGroup):
    """The verbs. Each is imported when it is called, because `--help` needs none of them."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        return name, _load(name) if name else None, rest


def _load(name: str) -> object:
    """Return the command of a verb, from the module of its name."""
    function = name.replace("-", "_")
    module = import_module(f"roadbed.commands.{function}")
    verb = typer.Typer(rich_markup_mode=None, add_completion=False)
    verb.command(name, cls=_Verb)(getattr(module, function))
    return typer.main.get_command(verb)


app = typer.Typer(
    name="roadbed",
    cls=_Verbs,
    help="Turn a plan into a running repository, and keep it following the plan.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": terminal.WIDTH},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 (20 ms, for this option alone)

        terminal.say(f"roadbed {version('roadbed')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version")
    ] = False,
) -> None:
    """Declare the options that stand before the verb."""


def _declare(name: str) -> None:
    """Register a verb for the help and for the check of mistyped verbs."""
    app.command(name, short_help=VERBS[name])(lambda: None)


for _name in VERBS:
    _declare(_name)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code.

    A failure prints one sentence, and with `--json` a document that holds it.
    """
    clear_git_environment()
    _catch_interrupts()
    call = _Call(as_json="--json" in arguments)
    try:
        code = typer.main.get_command(app).main(
            [*arguments] or ["--help"], "roadbed", standalone_mode=False, obj=call
        )
    except RoadbedError as error:
        return _fail(call, error.exit_code, str(error))
    except typer.TyperException as error:
        return _fail(call, Exit.USAGE, f"{error.format_message()} See `roadbed --help`.")
    except (KeyboardInterrupt, typer.Abort):
        code = Exit.INTERRUPTED
    except SystemExit:  # Typer ends so when the reader left, as in `roadbed check | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.COULD_NOT_RUN
    except Exception:
        return _fail(call, Exit.DEFECT, _defect())
    if code == Exit.INTERRUPTED:  # Typer returns this number for Ctrl-C as well
        return _fail(call, Exit.INTERRUPTED, "interrupted.")
    return code if isinstance(code, int) else Exit.FINE


def _fail(call: _Call, code: Exit, sentence: str) -> Exit:
    """Print the sentence of a failure, and its document for `--json`; returns the exit code."""
    if call.as_json:
        from roadbed.commands.document import print_error_document  # noqa: PLC0415 (help needs none)

        print_error_document(call.folder, code, sentence)
    terminal.error(sentence)
    return code


def _catch_interrupts() -> None:
    """Handle every signal that asks the process to end like Ctrl-C, so that it cleans up."""
    for name, number in _INTERRUPTS.items():
        # a background job ignores SIGINT, as its children would; `nohup` ignores SIGHUP on purpose
        if name != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    # uv and the process group deliver the same signal twice; the second would stop the cleanup
    for other in _INTERRUPTS.values():
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt(number, frame)


def _defect() -> str:
    """Save the traceback of an unexpected error; returns the sentence that says where it is."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="roadbed-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        file.write(traceback.format_exc())
    return (
        "this is a defect of Roadbed, not of what you typed: please report it with the "
        f"traceback saved in {file.name}."
    )


def main() -> None:
    """The `roadbed` command."""
    terminal.tolerate()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
