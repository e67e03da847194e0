"""Who owns which path."""

import pytest

from roadbed.errors import UsageError
from roadbed.service.ownership import parse_ownership

TEXT = """
managed.patterns = ["/.roadbed/**", "/.github/workflows/_*.yml"]
merged.patterns = ["/pyproject.toml"]
seeded.patterns = ["/web", "/.github/workflows/ci.yml"]
generated.patterns = ["/uv.lock"]
answers.patterns = ["/.copier-answers.yml"]
"""


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        (".roadbed/justfile", "managed"),
        (".roadbed/chassis/src/chassis/auth/__init__.py", "managed"),
        (".github/workflows/_test.yml", "managed"),
        (".github/workflows/ci.yml", "seeded"),
        ("web/settings.py", "seeded"),
        ("deploy/web/settings.py", "own"),
        ("pyproject.toml", "merged"),
        ("tools/pyproject.toml", "own"),
        ("uv.lock", "generated"),
        (".copier-answers.yml", "answers"),
    ],
)
def test_class(path: str, owner: str) -> None:
    """Patterns are gitignore's: anchored by a slash, a folder means all in it."""
    assert owner == parse_ownership(TEXT).classify(path)


def test_claimed_twice() -> None:
    """A path of two classes is a mistake that is named."""
    text = TEXT.replace('["/pyproject.toml"]', '["/pyproject.toml", "/web/urls.py"]')
    with pytest.raises(UsageError, match=r"web/urls.py matches patterns of both merged and seeded"):
        parse_ownership(text).classify("web/urls.py")


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("managed", "handled", r"correct \[handled\]"),
        ("answers.patterns", "more", "see"),
        ('["/uv.lock"]', '"/uv.lock"', r"\[generated\] .* a list of text"),
        ('["/uv.lock"]', "[1]", r"\[generated\] .* a list of text"),
        ("= [", "[", "not valid TOML"),
    ],
)
def test_broken(old: str, new: str, word: str) -> None:
    """A file that is none is refused, saying where."""
    with pytest.raises(UsageError, match=word):
        parse_ownership(TEXT.replace(old, new, 1))


@pytest.mark.parametrize(
    ("patterns", "roots"),
    [
        ('["/.roadbed/**", "/.github/workflows/_*.yml"]', (".roadbed", ".github/workflows")),
        ('["/a/b", "/a/b/*.py", "a/b/", "/a[bc]/d", "/*"]', ()),
        ('["/a/b", "a/b/c/"]', ("a/b", "a/b/c")),
        ('["/a", "anywhere"]', ()),
        ('["/a", "**/b"]', ()),
        ('["/a", "!/a/b"]', ()),
    ],
)
def test_roots(patterns: str, roots: tuple[str, ...]) -> None:
    """Where to look for the files of a class; everywhere when a pattern is not anchored."""
    text = TEXT.replace('["/.roadbed/**", "/.github/workflows/_*.yml"]', patterns)
    assert roots == parse_ownership(text).roots("managed")
