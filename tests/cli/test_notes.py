"""Release notes: who is told what, in which words."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from roadbed.errors import UsageError
from roadbed.git.objects import Store
from roadbed.releases import notes
from roadbed.releases.notes import Change, Release, ReleaseNotes
from roadbed.releases.report import notes_as_markdown, notes_as_text
from roadbed.template.questions import Questionnaire, read_questions
from roadbed.template.source import resolve_source
from tests.cli.conftest import commit, git

ROOT = Path(__file__).parents[2]
NOTE = """
[[change]]
kind = "changed"
summary = \"\"\"
Exports are no longer
kept in caches.
\"\"\"
applies.plan = ["django-monolith", "hybrid"]
applies.tenancy = ["organizations"]
do = \"\"\"
Say so in your own views, then
ask the standards:
    uv run just standards
    uv run just test
and commit.
\"\"\"
"""
CHANGE = Change(
    "changed",
    "Exports are no longer kept in caches.",
    {"plan": ("django-monolith", "hybrid"), "tenancy": ("organizations",)},
    "Say so in your own views, then\nask the standards:\n"
    "    uv run just standards\n    uv run just test\nand commit.",
)
SMALL = Change("fixed", "A cookie is sent once.")


def shelf(**texts: str) -> ReleaseNotes:
    """A shelf of these files; `v1_2_0` stands for 1.2.0.toml."""
    files = {name.strip("v").replace("_", ".") + ".toml": text for name, text in texts.items()}
    return ReleaseNotes(tuple(files), files.__getitem__)


def note(summary: str, *lines: str) -> str:
    """One change in the format of the files."""
    return "\n".join(["[[change]]", 'kind = "fixed"', f'summary = "{summary}"', *lines, ""])


def told(releases: list[Release]) -> list[tuple[str, list[str]]]:
    """The versions, each with its summaries."""
    return [(release.version, [c.summary for c in release.changes]) for release in releases]


def unknown(releases: list[Release], questions: Questionnaire) -> list[str]:
    """What the changes ask for and no service can answer."""
    return [
        f"{question}={value}"
        for release in releases
        for change in release.changes
        for question, values in change.applies.items()
        for value in values
        if value not in questions.choices.get(question, ())
    ]


def test_our_notes_ask_what_the_template_asks() -> None:
    """Each question and answer that a note is for exists in copier.yml, or it would show."""
    ours = notes.in_checkout(ROOT).releases()
    questions = read_questions(resolve_source(str(ROOT), "HEAD"))
    wrong = note("x", 'applies.plan = ["hybrid", "flask"]', 'applies.color = ["red"]')

    assert [] == unknown(ours, questions)
    assert ["plan=flask", "color=red"] == unknown([notes.parse(wrong, "next.toml")], questions)


def test_everything_that_can_be_written() -> None:
    """Line breaks in a summary mean nothing, those in `do` stay."""
    expected = Release("1.2.0", date(2026, 1, 31), (CHANGE,))
    assert expected == notes.parse(f"date = 2026-01-31\n{NOTE}", "1.2.0.toml")
    assert Release("", None, (CHANGE,)) == notes.parse(NOTE, "next.toml")
    assert Release("", None, ()) == notes.parse("# nothing yet\n", "next.toml")


@pytest.mark.parametrize(
    ("text", "name", "sentence"),
    [
        ("[[change", "next.toml", "releases/next.toml is not valid TOML"),
        ("", "soon.toml", "releases/soon.toml is not named after a release"),
        ("", "1.2.0.toml", "releases/1.2.0.toml needs a date"),
        ("date = 2026-01-31T10:00:00", "1.2.0.toml", "releases/1.2.0.toml needs a date"),
        ("date = 2026-01-31", "next.toml", "releases/next.toml has an unknown key 'date'"),
        ("change = 1", "next.toml", "releases/next.toml has one table for all changes"),
        ("change = [1]", "next.toml", "releases/next.toml, change 1 is not a table"),
        (note("a") + note("b", "to = 1"), "next.toml", "change 2 has an unknown key 'to'"),
        (note("a").replace("fixed", "new"), "next.toml", "change 1 needs a `kind`: one of sec"),
        (note("a").replace("kind", "# kind"), "next.toml", "change 1 needs a `kind`"),
        (note(" "), "next.toml", "change 1 needs a `summary`"),
        (note(r"a\u001b[2J"), "next.toml", "change 1 has a control character in its `summary`"),
        (note("a", "do = []"), "next.toml", "change 1 needs a `do`"),
        (note("a", 'applies = "hybrid"'), "next.toml", "change 1 needs questions"),
        (note("a", 'applies.plan = "hybrid"'), "next.toml", "needs a list of answers for plan"),
        (note("a", "applies.plan = []"), "next.toml", "needs a list of answers for plan"),
        (note("a", "applies.plan = [1]"), "next.toml", "needs a list of answers for plan"),
    ],
)
def test_broken(text: str, name: str, sentence: str) -> None:
    """A note that is not as it should be is refused by file and number, in one sentence."""
    with pytest.raises(UsageError) as refused:
        notes.parse(text, name)
    assert sentence in str(refused.value)
    assert 1 == len(str(refused.value).splitlines())


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"plan": "hybrid", "tenancy": "organizations"}, [CHANGE, SMALL]),
        ({"plan": "hybrid", "tenancy": "single"}, [SMALL]),
        ({"plan": "hybrid"}, [SMALL]),
        ({"plan": "fastapi-service", "tenancy": "organizations"}, [SMALL]),
        ({"plan": None, "tenancy": ["organizations"]}, [SMALL]),
        ({}, [SMALL]),
    ],
)
def test_applying(answers: dict[str, object], expected: list[Change]) -> None:
    """A service is told what all its answers match; a question it was not asked does not."""
    releases = [Release("1.0.0", None, (CHANGE,)), Release("2.0.0", None, (CHANGE, SMALL))]
    found = notes.applying(releases, answers)
    assert expected == list(found[-1].changes)
    assert (["1.0.0", "2.0.0"] if CHANGE in expected else ["2.0.0"]) == [r.version for r in found]


OLD = "date = 2026-01-31\n"


def test_between_releases() -> None:
    """Every release after the recorded one is told, in the order of numbers, the next one last."""
    recorded = shelf(v1_9_0=OLD + note("old"), next="")
    target = shelf(
        next=note("coming"),
        v1_10_0=OLD + note("ten"),
        v1_9_0=OLD + note("old, reworded"),
        v1_9_1=OLD + note("nine"),
        v2_0_0=OLD,
    )
    expected = [("1.9.1", ["nine"]), ("1.10.0", ["ten"]), ("", ["coming"])]
    assert expected == told(notes.between(recorded, target))
    assert [] == notes.between(target, target)


def test_between_commits() -> None:
    """Who was made between two releases is told the rest of the next one, once it is out or not."""
    early = shelf(next=note("a"))
    late = shelf(next=note("a") + note("b"))
    out = shelf(v1_0_0=OLD + note("a") + note("b") + note("c"), next=note("d"))
    assert [("", ["b"])] == told(notes.between(early, late))
    assert [("1.0.0", ["c"]), ("", ["d"])] == told(notes.between(late, out))
    assert [("1.0.0", ["a", "b", "c"]), ("", ["d"])] == told(notes.between(shelf(), out))


def test_from_git(tmp_path: Path) -> None:
    """Notes come from a commit's objects, also in a bare clone and from before there were any."""
    root, bare = tmp_path / "template", tmp_path / "bare"
    folder = root / "releases"
    folder.mkdir(parents=True)
    git(root, "init", "--quiet", "-b", "main")
    (root / "1.0.0.toml").write_text("not a note")
    commit(root, "before there were notes")
    (folder / "next.toml").write_text(note("first"))
    commit(root, "a note")
    (folder / "1.0.0.toml").write_text(OLD + note("first") + note("zweitens, größer"))
    (folder / "README.md").write_text("no note")
    (folder / "next.toml").write_text("")
    commit(root, "a release")
    (folder / "1.0.0.toml").write_text("uncommitted")
    git(tmp_path, "clone", "--quiet", "--bare", str(root), str(bare))

    for git_dir in (root / ".git", bare):
        states = [notes.in_commit(Store(git_dir), name) for name in ("HEAD~2", "HEAD~1", "HEAD")]
        assert [(), ("next.toml",), ("1.0.0.toml", "next.toml")] == [s.names for s in states]
        both = ["first", "zweitens, größer"]
        assert [("1.0.0", both)] == told(notes.between(states[0], states[2]))
        assert [("1.0.0", both[1:])] == told(notes.between(states[1], states[2]))


def test_text() -> None:
    """On a terminal: what is to do first, the newest last, commands as they are written."""
    again = Change(
        "removed", "`just old` is gone: it did nothing that `just new --all` does not do"
    )
    releases = [
        Release("1.2.0", date(2026, 1, 31), (SMALL, CHANGE, again)),
        Release("", None, (SMALL,)),
    ]
    expected = """\
To do

  1.2.0     Exports are no longer kept in caches.

            Say so in your own views, then ask the standards:

                uv run just standards
                uv run just test

            and commit.

New in 1.2.0 (2026-01-31)

  removed   `just old` is gone: it did nothing that `just new --all` does not do
  fixed     A cookie is sent once.

Unreleased

  fixed     A cookie is sent once."""
    assert expected == notes_as_text(releases)
    assert "" == notes_as_text([])


def test_width() -> None:
    """Our own notes fit 80 columns, and no command of theirs is broken over two lines."""
    text = notes_as_text(notes.in_checkout(ROOT).releases())
    lines = text.splitlines()
    assert [] == [line for line in lines if len(line) > 80]
    assert [] == [line for line in lines if line.count("`") % 2]


def test_markdown() -> None:
    """For a changelog or a pull request: one line a paragraph, and whom a change is for."""
    expected = """\
## 1.2.0 (2026-01-31)

### What a service must do

- Exports are no longer kept in caches. (plan django-monolith or hybrid; tenancy organizations)

  Say so in your own views, then ask the standards:

      uv run just standards
      uv run just test

  and commit.

### Fixed

- A cookie is sent once.

## Unreleased

### Fixed

- A cookie is sent once.
"""
    releases = [
        Release("1.2.0", date(2026, 1, 31), (CHANGE, SMALL)),
        Release("", None, (SMALL,)),
    ]
    assert expected == notes_as_markdown(releases)


def test_light() -> None:
    """Reading and showing notes loads neither Copier nor a YAML reader."""
    code = (
        "import roadbed.releases.report, sys; "
        "print(sorted({'copier', 'yaml', 'rich'} & {*sys.modules}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == ran.stdout.strip()
