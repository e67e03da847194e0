"""Make a service: render it beside its place, move it there in one step, then finish it.

Until the move nothing is in the target: a kill or a full disk leaves no folder that looks
finished. After the move nothing is taken back: what failed is named with the command to go on.
"""

import os
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from roadbed import terminal
from roadbed.errors import CouldNotRunError, UsageError, write_error
from roadbed.git.command import enclosing_repository, require_identity
from roadbed.template.questions import Questionnaire, read_questions
from roadbed.template.render import render
from roadbed.template.source import Source
from roadbed.toolchain import uv

if TYPE_CHECKING:  # pydantic, which a service without advice does not need
    from roadbed.advice.recommendation import Recommendation

_TAIL = 15


@dataclass(frozen=True)
class NewServiceRequest:
    """The service to make: `answers` are final, the rest is asked, or taken from defaults.

    `environment` is added to that of the commands that finish the service. With `advice`, its
    decision record is written.
    """

    plan: str
    path: Path
    answers: Mapping[str, str] = field(default_factory=dict)
    defaults: bool = False
    install: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    advice: "Recommendation | None" = None


@dataclass(frozen=True)
class Step:
    """One command after rendering; an `optional` one may fail without stopping the rest."""

    title: str
    command: tuple[str, ...]
    optional: bool = False

    def __str__(self) -> str:
        return shlex.join(self.command)


_HOOKS = Step(
    "Installing the commit hooks",
    ("uv", "run", "--no-sync", "just", "hooks-install"),
    optional=True,
)


class StepFailedError(CouldNotRunError):
    """A step after rendering failed; the service lies in `folder`, and `left` is still to run."""

    def __init__(self, folder: Path, left: Sequence[Step]) -> None:
        go_on = (f"cd {shlex.quote(str(folder))}", *uv.path_commands(), *map(str, left))
        super().__init__(
            f"`{left[0]}` failed; the service is rendered in {folder} and stays there: fix the "
            f"cause and continue with `{' && '.join(go_on)}`."
        )
        self.step = left[0]


@dataclass(frozen=True)
class NewService:
    """The service that was made.

    Its folder, the repository that already holds it, the commands not yet run, and the file of the
    decision record, if there was advice.
    """

    path: Path
    inside: Path | None
    left: tuple[Step, ...]
    record: Path | None = None


def create_service(request: NewServiceRequest, source: Source) -> NewService:
    """Make the service; every mistake that can be foreseen raises before anything is written."""
    target = _free(request.path)
    _check(request, source)
    inside = enclosing_repository(target)
    if inside is None:
        require_identity(request.environment)
    env = {**(uv.environment(uv.find()) if request.install else os.environ), **request.environment}
    record = _render_into(target, request, source)
    steps = _steps(inside is None, request.install)
    for number, step in enumerate(steps):
        _run(step, target, env, steps[number:])
    left = () if request.install else tuple(_left(inside is None))
    return NewService(target, inside, left, record)


def _check(request: NewServiceRequest, source: Source) -> None:
    questions = read_questions(source)
    questions.require_plan(request.plan)
    _require_asked(request, questions)
    questions.require_known(request.answers)
    if "plan" in request.answers:
        raise UsageError("The plan is the first argument: leave out -d plan=….")
    if not request.defaults and not terminal.interactive():
        raise UsageError(
            "This is not a terminal, so the questions cannot be asked: add --defaults, and "
            "-d key=value for what differs."
        )


def _require_asked(request: NewServiceRequest, questions: Questionnaire) -> None:
    for question in request.advice.choices if request.advice else ():
        if question not in questions.choices:
            raise UsageError(
                f"The advice answers {question!r}, which the template does not ask: name the "
                "template and the version that the rubric was written for (--source, --ref)."
            )


def _free(path: Path) -> Path:
    """Return the absolute path of the target, which must be new or an empty folder."""
    try:
        target = path.resolve()
        if target.is_dir():
            empty = not any(target.iterdir())
        elif os.path.lexists(target):
            raise UsageError(f"{target} is a file: choose another path for the service.")
        else:
            empty = True
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "it is a loop of links"
        raise CouldNotRunError(f"{path} cannot be used: {why.lower()}; choose another.") from error
    if not empty:
        raise UsageError(f"{target} is not empty: choose a new or an empty folder.")
    return target


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """Yield a hidden folder on the target's file system; delete it unless it was moved."""
    home = next(parent for parent in target.parents if os.path.lexists(parent))
    draft = home / f".roadbed-new-{secrets.token_hex(4)}"
    try:
        draft.mkdir()
    except OSError as error:
        raise write_error(error, str(target)) from error
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _render_into(target: Path, request: NewServiceRequest, source: Source) -> Path | None:
    """Render the service and move it to its place; returns where its decision is recorded."""
    suggested = {"project_name": target.name}
    answers = {"plan": request.plan, **request.answers}
    with _draft(target) as draft:
        if request.defaults:
            with terminal.step(f"Rendering {request.plan}"):
                render(source, draft, answers, defaults=True, suggested=suggested)
        else:
            render(source, draft, answers, defaults=False, suggested=suggested)
        record = _record(draft, request.advice) if request.advice else None
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.rename(target)  # replaces an empty folder; refuses any other
        except OSError as error:
            raise write_error(error, str(target)) from error
    return record


def _record(draft: Path, advice: "Recommendation") -> Path:
    from roadbed.advice.record import write_record  # noqa: PLC0415 (for advice alone)

    return write_record(draft, advice, datetime.now(UTC).date())


def _steps(own_repository: bool, install: bool) -> list[Step]:
    begin = [Step("Starting a git repository", ("git", "init", "--quiet", "-b", "main"))]
    made = _install_steps() if install else []
    if not own_repository:
        return made
    return [*begin, *made, *_commit_steps("Start from Roadbed"), *([_HOOKS] if install else [])]


def _left(own_repository: bool) -> list[Step]:
    """Return the steps that --no-install leaves to the user: install, and commit the result."""
    finish = [*_commit_steps("Lock the dependencies"), _HOOKS] if own_repository else []
    return [*_install_steps(), *finish]


def _install_steps() -> list[Step]:
    return [
        Step("Locking and installing dependencies", ("uv", "sync")),
        Step("Writing the generated files", ("uv", "run", "--no-sync", "just", "generate")),
    ]


def _commit_steps(message: str) -> list[Step]:
    return [
        Step("Adding the files", ("git", "add", "-A")),
        Step("Committing them", ("git", "commit", "--quiet", "-m", message)),
    ]


def _run(step: Step, folder: Path, env: Mapping[str, str], left: Sequence[Step]) -> None:
    program = uv.find() if step.command[0] == "uv" else step.command[0]
    try:
        with terminal.step(step.title):
            subprocess.run(
                [program, *step.command[1:]],
                cwd=folder,
                env=env,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
    except subprocess.CalledProcessError as error:
        _explain(step, str(error.stdout), folder, left)


def _explain(step: Step, printed: str, folder: Path, left: Sequence[Step]) -> None:
    for line in printed.strip().splitlines()[-_TAIL:]:
        terminal.note(f"  {line}")
    if step.optional:
        terminal.note(f"`{step}` failed; go on without it, or run it again later.")
        return
    raise StepFailedError(folder, left)
