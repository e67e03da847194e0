"""Names and phrases that the house does without stay away: one line for each offense."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from bench.code_figures import language, names, offenses, spelling
from bench.code_figures.sources import ROOT

SIGNATURES = (
    "def take({name}): ...",
    "async def take(first, /, *, {name}: int = 1): ...",
    "def take(*{name}): ...",
    "class Box:\n    def take(self, **{name}): ...",
    "def take[T](first: T, {name}: T): ...",
    "take = lambda {name}: 1",
)
# how a message, a docstring and a comment may hold a phrase
MESSAGES = (
    "raise ValueError({text!r})",
    "raise ValueError({text!r} f'{{day}}')",
    "def tell(day):\n    return f'{{day}} ' {text!r}",
    'def tell(day):\n    return f"""{{day or {text!r}}}"""',
)
DOCSTRINGS = ('"""{text}"""', 'def tell():\n    """Tell.\n\n    {text}\n    """')
COMMENTS = ("day = 1  # {line}", "# {line}", "def tell():\n    # one\n    # {line}\n    pass")
SPELLINGS = {
    "organise": "organize",
    "Organisations": "Organizations",
    "unauthorised": "unauthorized",
    "analysed": "analyzed",
    "behaviour": "behavior",
    "Colours": "Colors",
    "favourite": "favorite",
    "cancelled": "canceled",
    "labelling": "labeling",
    "centre": "center",
    "catalogues": "catalogs",
    "licence": "license",
    "enrolment": "enrollment",
    "learnt": "learned",
}
EXAMPLES = [
    pytest.param(phrase, example, id=example.split("\n")[0])
    for phrase in language.REFUSED
    for example in phrase.examples
]


def test_code() -> None:
    """No parameter has a name that says nothing, and no prose in Python a refused word."""
    _none(one for folder in offenses.CODE for one in offenses.in_code(ROOT / folder))


def test_texts() -> None:
    """No page, document, setting or release note has a refused word."""
    _none(one for name in offenses.TEXTS for one in offenses.in_texts(ROOT / name))


def _none(refused: Iterable[offenses.Offense]) -> None:
    lines = [str(one) for one in refused]
    assert not lines, "\n" + "\n".join(lines)


@pytest.mark.parametrize("name", names.BANNED)
@pytest.mark.parametrize("signature", SIGNATURES)
def test_parameters_refused(tmp_path: Path, name: str, signature: str) -> None:
    """A parameter is refused in every kind of signature, and a longer name is not."""
    assert [f"parameter `{name}`"] == _whats(tmp_path, signature.format(name=name))
    assert [] == _whats(tmp_path, signature.format(name=f"{name}_row"))


@pytest.mark.parametrize(("phrase", "text"), EXAMPLES)
@pytest.mark.parametrize("code", MESSAGES)
def test_messages_refused(tmp_path: Path, phrase: language.Phrase, text: str, code: str) -> None:
    """A phrase is refused in a literal, also beside or inside an f-string."""
    assert [f"`{phrase.name}` in a message"] == _whats(
        tmp_path, code.format(text=text.replace("\n", " "))
    )


@pytest.mark.parametrize(("phrase", "text"), EXAMPLES)
@pytest.mark.parametrize("code", [*DOCSTRINGS, *COMMENTS])
def test_prose_refused(tmp_path: Path, phrase: language.Phrase, text: str, code: str) -> None:
    """A word is refused in docstrings and comments too, unless only messages must not have it."""
    kind = "docstring" if code in DOCSTRINGS else "comment"
    expected = [f"`{phrase.name}` in a {kind}"] if phrase.everywhere else []
    assert expected == _whats(tmp_path, code.format(text=text, line=text.replace("\n", " ")))


@pytest.mark.parametrize("suffix", ["html", "txt", "jinja", "md", "toml", "yml"])
@pytest.mark.parametrize(("phrase", "text"), EXAMPLES)
def test_texts_refused(tmp_path: Path, phrase: language.Phrase, text: str, suffix: str) -> None:
    """A phrase is refused in pages and documents, with the line it starts in."""
    page = tmp_path / "pages" / f"page.{suffix}"
    page.parent.mkdir()
    page.write_text(f"<p>\n{text}\n</p>\n", encoding="utf-8")
    (refused,) = offenses.in_texts(tmp_path)
    start = 2 + text.count("\n", 0, next(phrase.pattern.finditer(text)).start())
    assert f"{page}:{start}: `{phrase.name}`; better: {phrase.better}" == str(refused)


@pytest.mark.parametrize(("word", "better"), SPELLINGS.items())
def test_british_refused(tmp_path: Path, word: str, better: str) -> None:
    """A British spelling is refused in messages, docstrings, comments and pages."""
    code = f"# the {word}\ndef tell():\n    '''The {word}.'''\n    print(f'a {word} of {{day}}')"
    kinds = ("comment", "docstring", "message")
    assert [f"`{word}` in a {kind}" for kind in kinds] == _whats(tmp_path, code)
    page = tmp_path / "page.html"
    page.write_text(f"<h1>\n{word}</h1>\n", encoding="utf-8")
    assert [f"{page}:2: `{word}`; better: {better}"] == [
        str(one) for one in offenses.in_texts(page)
    ]


def test_american_allowed(tmp_path: Path) -> None:
    """American words, names in code, keys and what a page needs to work are left alone."""
    text = (
        "Advise, exercise, promise, raise: four hours, called and installed. Analyses of sizes.\n"
        "`colour`, `self.behaviour`, NO_COLOUR, docs/colour.md, https://example.org/organisation\n"
        "<b class=\"centre\">{{ organisation }} {% if colour %}</b> status = 'cancelled'\n"
        "colour = 1\n"
    )
    assert text == spelling.american(text)
    assert [] == _whats(tmp_path, "def {0}(): return {{'{0}': {0}}}".format(*SPELLINGS))


@pytest.mark.parametrize("phrase", language.COUNTED, ids=lambda phrase: phrase.name)
def test_allowed(phrase: language.Phrase) -> None:
    """Words that only look like a refused one are allowed."""
    assert [] == [text for text in phrase.allowed if phrase.count(text)]


def _whats(folder: Path, code: str) -> list[str]:
    (folder / "module.py").write_text(code + "\n", encoding="utf-8")
    return [one.what for one in offenses.in_code(folder)]
