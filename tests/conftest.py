"""What every suite shares: a template to render that is not this checkout, and its renders."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import copier
import pytest
from copier._main import Worker
from filelock import FileLock
from jinja2 import Environment

from roadbed.git.command import run_git
from roadbed.template.source import resolve_source, snapshot_source
from tests.update import matrix
from tests.variants import Answers, label

ROOT = Path(__file__).parent.parent

Render = Callable[[Answers], Path]


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """The folder as `make` made it, for whichever process comes first; the others wait for it."""
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            new = folder.with_name(f"{folder.name}.new")
            shutil.rmtree(new, ignore_errors=True)  # of a run that was interrupted
            make(new)
            new.rename(folder)
    return folder


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this run have in common."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def copier_template(shared: Path) -> Path:
    """A clone of this checkout with its uncommitted changes, links intact; read only.

    Its only tag names what lies here, so that this is what is rendered, not the last release.

    pytest-copier's own fixture copies the whole folder (environments included), replaces links by
    files, and in a git worktree would commit and tag in the real repository.
    """
    return once(shared / "source", _snapshot) / "templates"


def _snapshot(into: Path) -> None:
    into.mkdir()
    source = snapshot_source(resolve_source(str(ROOT), "HEAD"), into)
    tags = run_git("tag", "--list", cwd=source.folder).split()
    others = [tag for tag in tags if tag != source.ref]
    if others:
        run_git("tag", "--delete", *others, cwd=source.folder)


@pytest.fixture(scope="session")
def released(copier_template: Path, shared: Path) -> Path:
    """The same with all supported releases as tags, and what lies here as the next; read only."""
    return once(shared / "released", partial(matrix.build, copier_template))


@pytest.fixture(scope="session")
def render(copier_template: Path, shared: Path) -> Render:
    """Render a variant, or hand out the render of before. Read it; do not write to it."""

    def rendered(answers: Answers) -> Path:
        def make(out: Path) -> None:
            copier.run_copy(
                str(copier_template), out, data=dict(answers), defaults=True, quiet=True
            )

        return once(shared / f"render-{label(answers)}", make)

    return rendered


@pytest.fixture(scope="session", autouse=True)
def quick_renders() -> Iterator[None]:
    """Spare what makes up two thirds of a render, and changes nothing of what is rendered."""
    with pytest.MonkeyPatch.context() as patch:
        _compile_once(patch)
        _ask_repositories_only(patch)
        yield


def _compile_once(patch: pytest.MonkeyPatch) -> None:
    """Copier compiles the parts of every path again in every render."""
    plain = Environment.compile
    known: dict[tuple[type[Environment], object, object], object] = {}

    def compile_(self: Environment, source: object, *rest: object) -> object:
        if rest:  # a file, which Jinja keeps by itself
            return plain(self, source, *rest)  # type: ignore[call-overload]
        key = (type(self), self.lexer, source)  # environments that read alike share a lexer
        if key not in known:
            known[key] = plain(self, source)  # type: ignore[call-overload]
        return known[key]

    patch.setattr(Environment, "compile", compile_)


def _ask_repositories_only(patch: pytest.MonkeyPatch) -> None:
    """Copier asks git about each file whether modes count, also outside of any repository."""
    plain = Worker._sync_git_index_executable_bit

    def ask(self: Worker, path: Path, mode: int) -> None:
        if (self.subproject.local_abspath / ".git").exists():
            plain(self, path, mode)

    patch.setattr(Worker, "_sync_git_index_executable_bit", ask)
