"""The JSON documents of all verbs: one shape, whether a command succeeds or fails."""

import json
import tempfile
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from roadbed.commands import adopt, advise, check, grow, lost_edits, update
from roadbed.errors import CouldNotRunError, Exit
from tests.cli.conftest import Ran, commit, git
from tests.update.handwritten import NINJA, Written
from tests.update.services import Nursery, roadbed

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/guide/json.schema.json").read_text())
ENVELOPE = ("schema", "service", "exit_code", "error")
WORK = {
    "check": (check, "check_service"),
    "update": (update, "prepared_update"),
    "grow": (grow, "read_answers"),
    "lost-edits": (lost_edits, "find_lost_edits"),
    "adopt": (adopt, "prepared_adoption"),
    "advise": (advise, "complete"),
}
"""For each verb a function that does its work."""
WORDS = {
    "check": ["."],
    "update": [],
    "grow": ["hybrid"],
    "lost-edits": [],
    "adopt": [".", "--defaults"],
    "advise": ["--defaults"],
}
each_verb = pytest.mark.parametrize("verb", WORK)


@pytest.fixture
def folder(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which is empty."""
    assert home
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def document(verb: str, ran: Ran, code: Exit) -> dict[str, Any]:
    """Return the document that a verb printed, after comparing it with the schema."""
    data: dict[str, Any] = json.loads(ran.out)
    rules = dict(SCHEMA)
    if data["error"] is None:
        rules["allOf"] = [{"$ref": f"#/$defs/{verb}"}]
    jsonschema.Draft202012Validator(rules).validate(data)
    assert ENVELOPE == tuple(data)[:4]
    assert (code, code) == (ran.code, data["exit_code"]), ran.err
    return data


def failure(verb: str, ran: Ran, code: Exit) -> dict[str, Any]:
    """Return the document of a failure; standard error has the same sentence."""
    data = document(verb, ran, code)
    assert set(ENVELOPE) == data.keys()
    assert f"roadbed: {data['error']}" == ran.err.splitlines()[-1]
    return data


def test_success(home: Path, service: Path) -> None:
    """A service that follows its template is described completely."""
    assert home
    with (service / ".copier-answers.yml").open("a") as answers:
        answers.write("owner: acme/orders\n")
    commit(service, "Name the owner")
    facts = {"owner": "acme/orders", "path": str(service), "plan": "hybrid", "version": "v1.0.0"}
    for verb in ("check", "lost-edits"):
        data = document(verb, roadbed(verb, service, "--json"), Exit.FINE)
        assert facts.items() <= data["service"].items()
        assert None not in data["service"].values()


def test_update(service: Path) -> None:
    """An update describes the service as it is afterwards; a dry run as it is now."""
    dry = document(
        "update", roadbed("update", service, "--to", "v1.1.0", "--dry-run", "--json"), Exit.FINE
    )
    assert ("v1.0.0", False) == (dry["service"]["version"], dry["written"])
    ran = roadbed("update", service, "--to", "v1.1.0", "--no-lock", "--json")
    data = document("update", ran, Exit.FINE)
    assert (data["to"], True) == (data["service"]["version"], data["written"])


def test_growth(home: Path, history: Path, nursery: Nursery, tmp_path: Path) -> None:
    """A grown service has its new plan in the document."""
    assert home
    service = nursery.born(history, "v1.0.0", tmp_path / "orders", plan="django-monolith")
    data = document("grow", roadbed("grow", "hybrid", service, "--no-lock", "--json"), Exit.FINE)
    assert "hybrid" == data["service"]["plan"]


def test_findings(service: Path) -> None:
    """Drift, conflicts and lost edits are results, so `error` is null."""
    policy = service / ".roadbed/justfile"
    policy.write_text("# ours\n")
    data = document("check", roadbed("check", service, "--json"), Exit.FINDINGS)
    assert [".roadbed/justfile"] == [finding["path"] for finding in data["findings"]]
    commit(service, "Edit")
    ran = roadbed("update", service, "--no-lock", "--json")
    data = document("update", ran, Exit.CONFLICTS)
    assert data["conflicts"]
    git(service, "checkout", "--force", "HEAD", "--", ".roadbed/justfile")
    policy.unlink()
    data = document("lost-edits", roadbed("lost-edits", service, "--json"), Exit.LOST_EDITS)
    assert {".roadbed/justfile"} == {loss["path"] for loss in data["lost"]}


def test_adoption(written: Written, history: Path) -> None:
    """An adopted repository is a service in the document; before that it is only a path."""
    repository = written(NINJA)
    words = ("--defaults", f"--source={history}", "--json")
    dry = document("adopt", roadbed("adopt", repository, *words, "--dry-run"), Exit.FINE)
    assert (None, str(repository)) == (dry["service"]["plan"], dry["service"]["path"])
    data = document("adopt", roadbed("adopt", repository, *words), Exit.FINE)
    assert "django-monolith" == data["service"]["plan"]
    assert dry["added"] == data["added"]


def test_advice(folder: Path) -> None:
    """Advice is about no service."""
    assert folder
    data = document("advise", roadbed("advise", "--defaults", "--json"), Exit.FINE)
    assert {None} == set(data["service"].values())


@each_verb
def test_typing_mistake(folder: Path, verb: str) -> None:
    """An unknown option is refused in a document too."""
    assert folder
    failure(verb, roadbed(verb, *WORDS[verb], "--json", "--unknown"), Exit.USAGE)


@pytest.mark.parametrize("verb", ["check", "update", "grow", "lost-edits", "adopt"])
def test_refused(folder: Path, verb: str) -> None:
    """A folder that cannot be used is named by its path."""
    data = failure(verb, roadbed(verb, *WORDS[verb], "--json"), Exit.USAGE)
    assert (str(folder), None) == (data["service"]["path"], data["service"]["plan"])


def test_adoption_asks_nothing(folder: Path) -> None:
    """Questions would stand before the document."""
    data = failure("adopt", roadbed("adopt", folder, "--json"), Exit.USAGE)
    assert "--defaults" in data["error"]


def test_could_not_reach_the_template(service: Path) -> None:
    """The service is described also when its template is out of reach."""
    ran = roadbed("update", service, "--source", "https://127.0.0.1:1/away", "--json")
    data = failure("update", ran, Exit.COULD_NOT_RUN)
    assert "hybrid" == data["service"]["plan"]


@each_verb
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CouldNotRunError("The disk is full: free some space."), Exit.COULD_NOT_RUN),
        (RuntimeError("unforeseen"), Exit.DEFECT),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
    ],
)
def test_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch, verb: str, error: BaseException, code: Exit
) -> None:
    """No end of a command leaves a program without a document."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(*WORK[verb], fail)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    failure(verb, roadbed(verb, *WORDS[verb], "--json"), code)


def test_unknown_verb(folder: Path) -> None:
    """A verb that does not exist is refused in a document too."""
    assert folder
    failure("", roadbed("chekc", "--json"), Exit.USAGE)
