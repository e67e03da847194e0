"""Release notes for readers: text for a terminal of 80 columns, and Markdown."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from roadbed.releases.notes import KINDS, Change, Release
from roadbed.terminal import WIDTH

_COMMAND = " " * 4  # how a command is marked in `do`, as in Markdown
_CODE = re.compile(r"`[^`]+`")
_GLUE = "\N{NO-BREAK SPACE}"  # a command that is broken over two lines cannot be copied


def notes_as_text(releases: Iterable[Release]) -> str:
    """Return the notes for a user who has just updated: duties first, the newest release last.

    Audiences are not shown: pass the result of `notes.applying`. Returns "" without notes.
    """
    releases = list(releases)
    duties = [(release, change) for release in releases for change in release.changes if change.do]
    news = [release for release in releases if _rest(release)]
    parts = ["To do", *(_duty(*duty) for duty in duties)] if duties else []
    for release in news:
        lines = [_item(change.kind, change.summary) for change in _rest(release)]
        parts += [f"New in {_title(release)}" if release.version else _title(release), *lines]
    return "\n".join(_spaced(parts))


def notes_as_markdown(releases: Iterable[Release]) -> str:
    """Return the notes of all services in the same order, each change with its audience.

    A paragraph is one line, because a pull request shows each line break as one.
    """
    return "\n".join(line for release in releases for line in _section(release))


def _title(release: Release) -> str:
    if not release.version:
        return "Unreleased"
    return f"{release.version} ({release.date})" if release.date else release.version


def _rest(release: Release) -> list[Change]:
    """Return the changes that need no action, by kind."""
    rest = [change for change in release.changes if not change.do]
    return sorted(rest, key=lambda change: KINDS.index(change.kind))


def _duty(release: Release, change: Change) -> str:
    parts = [_item(release.version or "next", change.summary), *_blocks(change.do, " " * 12)]
    return "\n\n".join(parts)


def _item(label: str, text: str) -> str:
    return _filled(text, f"  {label:<8}  ", " " * 12)


def _blocks(do: str, indent: str) -> Iterator[str]:
    for is_command, text in _paragraphs(do):
        yield textwrap.indent(text, indent) if is_command else _filled(text, indent, indent)


def _paragraphs(do: str) -> Iterator[tuple[bool, str]]:
    """Yield each paragraph as one line, and each run of commands unchanged."""
    for kind, lines in groupby(do.splitlines(), key=_kind):
        if kind == "command":
            yield True, "\n".join(lines)
        elif kind == "prose":
            yield False, " ".join(" ".join(lines).split())


def _kind(line: str) -> str:
    if not line.strip():
        return "nothing"
    return "command" if line.startswith(_COMMAND) else "prose"


def _filled(text: str, first: str, further: str) -> str:
    filled = textwrap.fill(
        _CODE.sub(lambda code: code[0].replace(" ", _GLUE), text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace(_GLUE, " ")


def _spaced(parts: Iterable[str]) -> Iterator[str]:
    """Yield the parts with a blank line between them, except between items of one paragraph."""
    before = ""
    for part in parts:
        if before and not (_is_short(before) and _is_short(part)):
            yield ""
        yield part
        before = part


def _is_short(part: str) -> bool:
    return part.startswith(" ") and "\n\n" not in part


def _section(release: Release) -> Iterator[str]:
    yield from (f"## {_title(release)}", "")
    groups = {"What a service must do": [change for change in release.changes if change.do]}
    groups |= {kind.capitalize(): _of_kind(release, kind) for kind in KINDS}
    for heading, changes in groups.items():
        if changes:
            yield from (f"### {heading}", "", *map(_bullet, changes), "")


def _of_kind(release: Release, kind: str) -> list[Change]:
    return [change for change in _rest(release) if change.kind == kind]


def _bullet(change: Change) -> str:
    audience = f" ({_audience(change.applies)})" if change.applies else ""
    paragraphs = [text for _, text in _paragraphs(change.do)]
    body = [f"- {change.summary}{audience}", *(textwrap.indent(text, "  ") for text in paragraphs)]
    return "\n\n".join(body)


def _audience(applies: Mapping[str, tuple[str, ...]]) -> str:
    return "; ".join(f"{question} {' or '.join(values)}" for question, values in applies.items())
