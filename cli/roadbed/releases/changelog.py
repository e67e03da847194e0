"""`CHANGELOG.md`, written from the notes in `releases/`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from roadbed import terminal
from roadbed.errors import Exit, RoadbedError
from roadbed.releases import notes
from roadbed.releases.report import notes_as_markdown
from roadbed.template.source import local_checkout

CHANGELOG_FILE = "CHANGELOG.md"
_HEADER = """\
# Changelog

One version for the template's tag, the CLI, the chassis and the policy.
"""


def text(checkout: Path) -> str:
    """Return the expected content, newest first. Raises UsageError for a note that is broken."""
    releases = reversed(notes.in_checkout(checkout).releases())
    entries = notes_as_markdown(release for release in releases if release.changes)
    return f"{_HEADER}\n{entries}" if entries else _HEADER


def is_current(checkout: Path) -> bool:
    """Return whether the file in the checkout agrees with the notes."""
    path = checkout / CHANGELOG_FILE
    return path.is_file() and path.read_text(encoding="utf-8") == text(checkout)


def write(checkout: Path) -> None:
    """Write the file into the checkout."""
    (checkout / CHANGELOG_FILE).write_text(text(checkout), encoding="utf-8", newline="\n")


def main(arguments: Sequence[str]) -> int:
    """Write the changelog of a checkout from its notes; with `--check` report if it is stale."""
    parser = argparse.ArgumentParser(
        "python -m roadbed.releases.changelog", description=main.__doc__
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true")
    mode.add_argument("--check", action="store_true")
    parser.add_argument("--source", default=None, help="the checkout [default: this one]")
    options = parser.parse_args(arguments)
    checkout = local_checkout(options.source)
    if options.write:
        write(checkout)
    elif not is_current(checkout):
        path = checkout / CHANGELOG_FILE
        sys.stderr.write(f"{path} is stale: run `python -m roadbed.releases.changelog --write`.\n")
        return Exit.FINDINGS
    return Exit.FINE


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except RoadbedError as mistake:
        terminal.error(str(mistake))
        sys.exit(mistake.exit_code)
