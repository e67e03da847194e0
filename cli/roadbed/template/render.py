"""Rendering with Copier: the only module that imports it, and only when something is rendered.

Templates never run code: no `--trust`, no tasks, and the user's own list of trusted templates is
ignored, so that a service never depends on it.
"""

import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from roadbed.errors import CouldNotRunError, UsageError, write_error
from roadbed.template.source import Source

_NOISE = re.compile(r"(?:Validation error|Invalid choice) for (?:question )?'(\w+)': ")


def render(
    source: Source,
    target: Path,
    answers: Mapping[str, str],
    *,
    defaults: bool,
    suggested: Mapping[str, str] | None = None,
) -> None:
    """Render `source` into the empty folder `target`.

    `answers` are final. Missing answers are asked on the terminal, or with `defaults` taken from
    `suggested` and then from the template. Raises UsageError for an answer that the template
    refuses, CouldNotRunError when the machine cannot write; `target` may then hold a part of the
    files.
    """
    import copier  # noqa: PLC0415 (0.35 to 0.8 s, which every other verb would pay)

    with _one_sentence(source), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        copier.run_copy(
            source.url,
            target,
            data=dict(answers),
            vcs_ref=source.ref,
            settings=copier.Settings(defaults=copier.load_settings().defaults),
            defaults=defaults,
            user_defaults=dict(suggested or {}),
            overwrite=True,
            quiet=True,
            cleanup_on_error=False,
        )


def render_again(
    source: Source, target: Path, answers: Mapping[str, str], exclude: Sequence[str]
) -> None:
    """Render `source` into the folder `target`, which holds only the recorded answers.

    They answer every question; `answers` replace some of them. New questions get the template's
    defaults, not this user's, so that every machine renders the same. `exclude` are gitignore
    patterns of files to leave out. Raises as `render` does.
    """
    import copier  # noqa: PLC0415 (as above)
    import plumbum  # noqa: PLC0415 (through which Copier calls git, with a copy of our environment)

    # a user's `core.autocrlf` would check the template out with other line ends
    plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    quiet = warnings.catch_warnings()
    with _one_sentence(source), quiet, plumbum.local.env(**plain):
        warnings.simplefilter("ignore")
        copier.run_copy(
            source.url,
            target,
            data=dict(answers),
            vcs_ref=source.ref,
            settings=copier.Settings(),
            exclude=exclude,
            skip_tasks=True,  # `lost-edits` also renders templates that are not ours
            defaults=True,
            overwrite=True,
            quiet=True,
            cleanup_on_error=False,
        )


@contextmanager
def _one_sentence(source: Source) -> Iterator[None]:
    from copier.errors import (  # noqa: PLC0415
        CopierError,
        UnsafeTemplateError,
        UnsupportedVersionError,
    )
    from plumbum import ProcessExecutionError  # noqa: PLC0415 (what Copier's git calls raise)

    try:
        yield
    except KeyboardInterrupt:  # Copier's own interrupt is a CopierError as well
        raise
    except FileNotFoundError as error:
        raise UsageError(
            f"The templates of {source.url} at {source.ref} are incomplete: {error.filename} "
            "is a broken link; name another --ref."
        ) from error
    except OSError as error:
        raise write_error(error, "The service") from error
    except UnsafeTemplateError as error:
        raise UsageError(
            f"{source.url} wants to run code while it renders, which Roadbed never allows: "
            "name another template repository with --source."
        ) from error
    except UnsupportedVersionError as error:
        raise UsageError(f"{_line(error)} Upgrade roadbed, or name an older --ref.") from error
    except ProcessExecutionError as error:
        raise CouldNotRunError(
            f"git could not fetch {source.url} at {source.ref}: {_last(str(error.stderr))}."
        ) from error
    except (CopierError, ValueError, TypeError) as error:
        raise UsageError(_refused(error)) from error


def _refused(error: Exception) -> str:
    text = _line(error)
    name = _NOISE.match(text)
    if not name:
        return f"The template could not be rendered: {text}"
    return f"{name[1]}: {text[name.end() :]}"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _last(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line] or ["no reason given"]
    return lines[-1].removeprefix("fatal: ").rstrip(".")
