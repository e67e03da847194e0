"""The command line: which verbs there are, and how a command ends."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from roadbed import endings
from roadbed import terminal as output
from roadbed.commands import keeping, starting
from roadbed.errors import Exit, RoadbedError
from roadbed.git import command as git

app = typer.Typer(
    name="roadbed",
    help="Turn a plan into a running repository, and keep it following the plan.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": output.WIDTH},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 (20 ms, for this option alone)

        output.say(f"roadbed {version('roadbed')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version")
    ] = False,
) -> None:
    """Declare what belongs to no verb."""


_VERBS: tuple[tuple[Callable[..., None], str], ...] = (
    (starting.advise, "Find out which plan fits, and why"),
    (starting.new, "Make a service from a plan"),
    (starting.demo, "Run a throw-away service, to see what you would get"),
    (keeping.check, "Say where a service differs from its template"),
    (keeping.update, "Bring a newer version of the platform; nothing is lost"),
    (keeping.eject, "Take managed files over, out of the updates"),
    (keeping.grow, "Give a monolith or a service its other half"),
    (keeping.adopt, "Bring a repository that was never generated under a plan"),
)
for _verb, _help in _VERBS:
    app.command(short_help=_help)(_verb)


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code and prints at most one sentence about a failure."""
    git.forget_surroundings()
    endings.catch_interrupts()
    try:
        code = typer.main.get_command(app).main(
            [*arguments] or ["--help"], "roadbed", standalone_mode=False
        )
    except RoadbedError as error:
        output.error(str(error))
        return error.exit_code
    except typer.TyperException as error:
        output.error(f"{error.format_message()} See `roadbed --help`.")
        return Exit.USAGE
    except (KeyboardInterrupt, typer.Abort):
        code = Exit.INTERRUPTED
    except SystemExit:  # Typer's end when the reader left, as in `roadbed check | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.COULD_NOT_RUN
    except Exception:
        output.error(endings.defect())
        return Exit.DEFECT
    if code == Exit.INTERRUPTED:  # Typer's own spelling of Ctrl-C, and ours
        output.error("interrupted.")
    return code if isinstance(code, int) else Exit.FINE


def main() -> None:
    """The `roadbed` command."""
    output.tolerate()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
