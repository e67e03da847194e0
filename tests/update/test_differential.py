"""Where plain Copier is right, `roadbed update` leaves the same bytes, answers file included."""

from collections.abc import Callable, Mapping
from pathlib import Path

import copier
import pytest

from roadbed.errors import Exit
from tests.cli.conftest import commit
from tests.update.history.releases import PLANS, replace
from tests.update.services import Nursery, State, conflicted, files, roadbed

Edit = Callable[[Path], None]
PYPROJECT, COMPOSE, LOGS = "pyproject.toml", "compose.yaml", ".roadbed/chassis/src/chassis/logs.py"


@pytest.fixture
def compare(
    home: Path, history: Path, nursery: Nursery, tmp_path: Path
) -> Callable[..., dict[str, tuple[str, bytes]]]:
    """Update the same service with both tools and assert equal trees; returns what they hold."""
    assert home

    def both(
        plan: str, old: str, new: str, edit: Edit, answers: Mapping[str, str] | None = None
    ) -> dict[str, tuple[str, bytes]]:
        made = [tmp_path / "copier", tmp_path / "roadbed"]
        for service in made:
            nursery.born(history, old, service, plan=plan)
            edit(service)
            commit(service, "Work")
        plain, ours = made
        _by_copier(plain, new, answers or {})
        pairs = [word for pair in (answers or {}).items() for word in ("-d", "=".join(pair))]
        ran = roadbed("update", ours, "--no-lock", "--to", new, *pairs)
        assert (Exit.FINE, set()) == (ran.code, conflicted(ours)), ran.err
        expected, actual = files(plain), files(ours)
        assert expected == actual
        return dict(actual)

    return both


def _by_copier(service: Path, version: str, answers: Mapping[str, str]) -> None:
    # in this process, which saves Copier's import; the command line sets the same
    copier.run_update(
        service, data=dict(answers), vcs_ref=version, defaults=True, overwrite=True, quiet=True
    )


def untouched(service: Path) -> None:
    """A team that only wrote a file of its own."""
    (service / "orders.txt").write_text("our own\n")


def edited(service: Path) -> None:
    """A team's edits in merged, managed and seeded files, none where a release changes a line."""
    replace(
        service / PYPROJECT,
        '    {include-group = "dev-platform"},\n',
        '    {include-group = "dev-platform"},\n    "hypothesis>=6",\n',
    )
    with (service / COMPOSE).open("a") as compose:
        compose.write("\n  redis:\n    image: redis:8\n")
    with (service / ".gitignore").open("a") as ignored:
        ignored.write("/exports/\n")
    replace(service / ".roadbed/policy.toml", 'required = "bronze"', 'required = "silver"')
    (service / "README.md").write_text("# Ours\n")
    (service / "tests/ours.py").write_text('"""Our own."""\n')


def log_more(service: Path) -> None:
    """A team's constant at the end of a managed file."""
    with (service / LOGS).open("a") as logs:
        logs.write("\n\nOURS = 1\n")


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize(
    ("old", "new", "edit"),
    [
        ("v1.0.0", "v1.1.0", edited),
        ("v1.1.0", "v1.2.0", edited),
        ("v1.1.0", "v1.3.0", untouched),
        ("v1.3.0", "v2.0.0", edited),  # removes and renames files that nobody edited
    ],
)
def test_clean_updates(
    compare: Callable[..., object], plan: str, old: str, new: str, edit: Edit
) -> None:
    """Files added, changed, renamed and removed, of every plan, whether the team edited or not."""
    compare(plan, old, new, edit)


@pytest.mark.usefixtures("home")
def test_nothing_to_do(history: Path, nursery: Nursery, tmp_path: Path) -> None:
    """A release that changes nothing for a plan leaves no diff, not even in the answers file."""
    service = nursery.born(history, "v1.2.0", tmp_path / "orders", plan="django-monolith")
    before = State.of(service)

    ran = roadbed("update", service, "--no-lock", "--to", "v1.3.0")

    assert (Exit.FINE, before) == (ran.code, State.of(service))
    assert "v1.3.0 changes nothing for orders" in ran.out


def test_an_edited_managed_file(compare: Callable[..., Mapping[str, tuple[str, bytes]]]) -> None:
    """An edit of a managed file that the release changes elsewhere."""
    found = compare("hybrid", "v1.0.0", "v1.3.0", log_more)
    assert b"trace_id" in found[LOGS][1]
    assert b"OURS" in found[LOGS][1]


def test_an_added_question(compare: Callable[..., Mapping[str, tuple[str, bytes]]]) -> None:
    """A question that the release adds takes its default, and is recorded."""
    found = compare("hybrid", "v1.0.0", "v1.2.0", untouched)
    assert b"region: eu\n" in found[".copier-answers.yml"][1]
    assert b"REGION: eu\n" in found[COMPOSE][1]


def test_a_new_answer(compare: Callable[..., Mapping[str, tuple[str, bytes]]]) -> None:
    """A free answer changed with -d, to a question old and new, reaches the merged files."""
    answers = {"region": "se", "description": 'Aufträge, "schnell"'}
    found = compare("hybrid", "v1.1.0", "v1.3.0", edited, answers)
    assert b"REGION: se\n" in found[COMPOSE][1]
    assert "Aufträge".encode() in found[PYPROJECT][1]


def test_another_ci(compare: Callable[..., Mapping[str, tuple[str, bytes]]]) -> None:
    """A change of `ci` swaps the managed files that stand behind that condition."""
    found = compare("hybrid", "v1.1.0", "v1.3.0", untouched, {"ci": "gitlab"})
    assert ".gitlab/_test.yml" in found
    assert ".github/workflows/_test.yml" not in found
    assert ".github/workflows/ci.yml" in found
