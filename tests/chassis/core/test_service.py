"""Finding and reading a service."""

from pathlib import Path

import pytest

from chassis import service
from chassis.service import ServiceError
from conftest import make_service


def test_is_found_from_any_folder_inside(tmp_path: Path) -> None:
    """A tool started in a subfolder works on the service around it."""
    made = make_service(tmp_path / "orders", "web", "api")
    deep = made.root / "web" / "a" / "b"
    deep.mkdir(parents=True)
    assert service.load(deep) == made


def test_reads_names_from_both_files(tmp_path: Path) -> None:
    """The plan is the platform's to say, the name and version are the team's."""
    made = make_service(tmp_path / "s", "api")
    assert (made.name, made.version, made.plan) == ("orders", "1.2.3", "hybrid")


def test_a_half_exists_when_its_folder_does(tmp_path: Path) -> None:
    """An image holds one half only, whatever the plan says."""
    assert make_service(tmp_path / "one", "api").halves == ("api",)
    assert make_service(tmp_path / "two", "api", "web").halves == ("web", "api")


def test_outside_a_service_the_error_says_what_to_do(tmp_path: Path) -> None:
    """The working directory is the likeliest mistake."""
    with pytest.raises(ServiceError, match=r"is not inside a Roadbed service.*change into"):
        service.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("pyproject.toml", "[project", r"pyproject.toml cannot be read .*restore it"),
        ("pyproject.toml", "[project]\n", r"pyproject.toml does not say the service's name"),
        (".roadbed/service.toml", "", r"service.toml does not say the service's plan"),
        (".roadbed/service.toml", "plan = 3", r"service.toml does not say the service's plan"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    """A file that cannot be used is one sentence, not a traceback of a parser."""
    made = make_service(tmp_path / "s", "api")
    (made.root / name).write_text(text, encoding="utf-8")
    with pytest.raises(ServiceError, match=message):
        service.load(made.root)
