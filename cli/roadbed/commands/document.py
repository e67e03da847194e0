"""The JSON document that every verb prints with `--json`: one envelope, then the verb's own keys.

`docs/guide/json.md` describes it for users.
"""

import json
from pathlib import Path

from roadbed import terminal
from roadbed.errors import Exit, RoadbedError
from roadbed.service.answers import read_answers

SCHEMA = 1
"""Changes when a key goes away or changes its meaning."""


def print_document(folder: Path | None, exit_code: Exit, **keys: object) -> None:
    """Print the document of a command that came to its end; `keys` are the verb's own.

    `folder` is the service's, None for a verb that is about no service.
    """
    _print(folder, exit_code, None, keys)


def print_error_document(folder: Path | None, exit_code: int, error: str) -> None:
    """Print the document of a command that failed with this sentence.

    `folder` is the service's, None where the command line does not name one.
    """
    _print(folder, exit_code, error, {})


def _print(folder: Path | None, exit_code: int, error: str | None, keys: dict[str, object]) -> None:
    document = {
        "schema": SCHEMA,
        "service": _service(folder),
        "exit_code": int(exit_code),
        "error": error,
        **keys,
    }
    # ASCII only, so that the document is valid in every encoding of a terminal
    terminal.say(json.dumps(document, indent=2))


def _service(folder: Path | None) -> dict[str, str | None]:
    """Return the facts of a service as its answers file states them now, None where unknown."""
    facts: dict[str, str | None] = dict.fromkeys(
        ("path", "plan", "owner", "source", "commit", "version")
    )
    if folder is None:
        return facts
    facts["path"] = str(folder.resolve())
    try:
        answers = read_answers(folder, planned=False)
    except RoadbedError:
        return facts
    owner = answers.values.get("owner")
    return {
        **facts,
        "plan": answers.plan or None,
        "owner": owner if isinstance(owner, str) else None,
        "source": answers.source,
        "commit": answers.commit or None,
        "version": answers.version,
    }
