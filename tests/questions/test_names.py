"""What people type as names: either a valid project comes of it, or one sentence says why not."""

import tomllib
from pathlib import Path

import pytest
from pytest_copier.plugin import CopierFixture

FINE = {
    "single quote": "O'Reilly",
    "double quotes": 'The "Orders"',
    "backslashes": r"C:\orders\new",
    "non-ASCII": "Größe 日本 🚚",
    "Jinja": "{{ 7 * 7 }} {% raw %}",
    "hash": "#1 orders # really",
    "leading digits": "3D orders",
    "keyword": "class",
    "test": "test",
    "YAML": "yes: no, [a]",
    "longest": "x" * 80,
    "dash first": "- orders",
    "percent": "100 % orders %(asctime)s",
}

REFUSED = {
    "newline": ("Orders\nAdmin", "control character"),
    "tab": ("Orders\tAdmin", "control character"),
    "delete": ("Orders\x7f", "control character"),
    "next line": ("Orders\x85Admin", "control character"),
    "line separator": ("Orders\u2028Admin", "control character"),
    "too long": ("x" * 300, "has 300 characters; use at most 80"),
    "empty": ("", "it is empty"),
    "blank": ("   ", "it is empty"),
    "outer space": (" Orders", "begins or ends with a space"),
    "a dependency": ("Django", "'django' is the name of a library"),
}


@pytest.mark.parametrize("name", FINE.values(), ids=FINE)
def test_a_name_that_is_let_through_gives_a_valid_project(
    copier: CopierFixture, tmp_path: Path, name: str
) -> None:
    """The name stands in pyproject.toml, README and answers exactly as it was typed."""
    project = copier.copy(tmp_path / "out", project_name=name, description=name)

    pyproject = tomllib.loads((project.path / "pyproject.toml").read_text("utf-8"))
    assert name == pyproject["project"]["description"]
    assert f"# {name}" == (project.path / "README.md").read_text("utf-8").splitlines()[0]
    assert name == project.answers["project_name"]


@pytest.mark.parametrize(("name", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_name_that_would_break_files_is_refused(
    copier: CopierFixture, tmp_path: Path, name: str, reason: str
) -> None:
    """One sentence names the trouble, and nothing is written."""
    with pytest.raises(ValueError, match=reason):
        copier.copy(tmp_path / "out", project_name=name)

    assert not list(tmp_path.glob("out/*"))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Orders", "orders"),
        ("Orders & Invoices", "orders-invoices"),
        ("3D orders", "service-3d-orders"),
        ("日本", "service"),
        ("--x--", "x"),
        ("x" * 80, "x" * 50),
    ],
)
def test_the_machine_name_follows_from_the_name(
    copier: CopierFixture, tmp_path: Path, name: str, slug: str
) -> None:
    """Distribution names are small letters, digits and dashes, a letter first."""
    project = copier.copy(tmp_path / "out", project_name=name)

    assert slug == project.answers["project_slug"]


@pytest.mark.parametrize("slug", ["Orders", "9orders", "orders_", "a--b", "orders\n", "x" * 51])
def test_a_bad_machine_name_is_refused(copier: CopierFixture, tmp_path: Path, slug: str) -> None:
    """A slug given by hand is held to the same form."""
    with pytest.raises(ValueError, match="is not a machine name"):
        copier.copy(tmp_path / "out", project_slug=slug)


@pytest.mark.parametrize("owner", ["acme/payments", "@acme/payments", "team-a"])
def test_the_owner_reviews_everything(copier: CopierFixture, tmp_path: Path, owner: str) -> None:
    """A handle with or without its sign gives one sign in CODEOWNERS."""
    project = copier.copy(tmp_path / "out", owner=owner)

    last = (project.path / "CODEOWNERS").read_text().splitlines()[-1]
    assert f"* @{owner.removeprefix('@')}" == last


@pytest.mark.parametrize("owner", ["", "two words", "a\nb", "@", "-x"])
def test_a_bad_owner_is_refused(copier: CopierFixture, tmp_path: Path, owner: str) -> None:
    """What a forge would not take as a handle is refused here."""
    with pytest.raises(ValueError, match="is not a team handle"):
        copier.copy(tmp_path / "out", owner=owner)
