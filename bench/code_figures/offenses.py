"""The offenses that `tests/test_language.py` refuses: one line each, with a better word."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.code_figures import language, names, prose, spelling
from bench.code_figures.sources import ROOT, Source, files, python_files, shown

CODE = ("cli", "chassis", "devissuer", "templates", "tests")
TEXTS = (*CODE, "docs", "releases", "copier.yml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")
_TEXT_SUFFIXES = (".html", ".txt", ".jinja", ".md", ".toml", ".yml", ".yaml")


@dataclass(frozen=True)
class Offense:
    """A word that the house does without, and where it is."""

    path: str
    line: int
    what: str
    better: str

    def __str__(self) -> str:
        """Return the one line that a failing test prints."""
        return f"{self.path}:{self.line}: {self.what}; better: {self.better}"


def everywhere() -> Iterator[Offense]:
    """Yield the offenses of the whole repository."""
    for folder in CODE:
        yield from in_code(ROOT / folder)
    for name in TEXTS:
        yield from in_texts(ROOT / name)


def in_code(folder: Path) -> Iterator[Offense]:
    """Yield the offenses of the Python files below `folder`."""
    for source in python_files(folder):
        yield from in_names(source)
        yield from in_prose(source)


def in_names(source: Source) -> Iterator[Offense]:
    """Yield the parameters whose names say nothing."""
    for line, name in names.parameters(source):
        yield Offense(source.name, line, f"parameter `{name}`", names.BANNED[name])


def in_prose(source: Source) -> Iterator[Offense]:
    """Yield the refused phrases and British spellings of messages, docstrings and comments."""
    for passage in prose.passages(source):
        if passage.words:
            for start, word, better in spelling.british(passage.text):
                what = f"`{word}` in a {passage.kind}"
                yield Offense(source.name, passage.line_of(start), what, better)
        for phrase in language.REFUSED:
            for line in language.occurrences(phrase, passage):
                what = f"`{phrase.name}` in a {passage.kind}"
                yield Offense(source.name, line, what, phrase.better)


def in_texts(folder: Path) -> Iterator[Offense]:
    """Yield the offenses of the pages and documents below `folder`, a folder or a file."""
    for path in files(folder, *_TEXT_SUFFIXES):
        yield from in_text(path)


def in_text(path: Path) -> Iterator[Offense]:
    """Yield the refused phrases and British spellings of a file that is not Python."""
    text = path.read_text(encoding="utf-8")
    words = list(spelling.british(text))
    for phrase in language.REFUSED:
        places = phrase.pattern.finditer(text)
        words += [(place.start(), phrase.name, phrase.better) for place in places]
    for start, word, better in sorted(words):
        yield Offense(shown(path), 1 + text.count("\n", 0, start), f"`{word}`", better)
