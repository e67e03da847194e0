"""The words and turns of phrase that the house's plain English does without."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.code_figures.prose import Passage


@dataclass(frozen=True)
class Phrase:
    """A turn of phrase, how to recognize it, and the plain words for it.

    `everywhere` is false for one that only messages and pages must not have. `examples` and
    `allowed` are sentences for the tests of the pattern.
    """

    name: str
    pattern: re.Pattern[str]
    better: str
    everywhere: bool
    examples: tuple[str, ...]
    allowed: tuple[str, ...] = field(default=())

    def count(self, text: str) -> int:
        """Return how often the text has it."""
        return sum(1 for _ in self.pattern.finditer(text))


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


REFUSED = (
    Phrase(
        "mend",
        _words(r"\bmend(?:s|ed|ing|er)?\b"),
        "fix",
        everywhere=True,
        examples=("Mend the file.", "It was mended", "two ways\nmending"),
        allowed=("We recommend it.", "Amend the commit."),
    ),
    Phrase(
        "anew",
        _words(r"\banew\b"),
        "again, regenerate",
        everywhere=True,
        examples=("Render it anew.", "Anew, it fails", "made\nanew"),
        allowed=("A new file",),
    ),
    Phrase(
        "is no",
        _words(r"(?<!there\s)\b(?:is|are|was|were)\s+no\s+(?!(?:longer|more|less|fewer)\b)"),
        "is not a",
        everywhere=False,
        examples=("{} is no day", "These are no\nroles", "What IS NO plan"),
        allowed=("It is no longer there.", "There is no such file.", "It is not a day."),
    ),
)

COUNTED = (
    *REFUSED,
    Phrase(
        "nobody, somebody, whoever",
        _words(r"\b(?:nobody|somebody|whoever)\b"),
        "a user, a caller, no user",
        everywhere=True,
        examples=("Nobody may.", "for whoever asks"),
    ),
    Phrase(
        "What … as a noun",
        # a sentence that starts with it, and is no question
        re.compile(r"(?:^\s*|[.!?:;]\s+|\n\s*\n\s*)What\b(?![^.!?]*\?)", re.DOTALL),
        "the noun itself",
        everywhere=True,
        examples=("What the baseline names is shared.", "One. What is left stays."),
        allowed=("What is it?", "He knows what it is."),
    ),
)


def occurrences(phrase: Phrase, passage: Passage) -> Iterator[int]:
    """Yield the line of each place in the passage where the phrase is refused."""
    if phrase.everywhere or passage.kind == "message":
        for match in phrase.pattern.finditer(passage.text):
            yield passage.line_of(match.start())
