"""What a run of the behavioral rules leaves behind."""

import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from chassis.conformance import Finding, Level, Report, Rule, sentence
from conftest import make_service


class Tidy(Rule[str]):
    """Names are tidy.

    A second paragraph is no part of the title.
    """

    id = "TEST001"
    level = Level.SILVER

    async def check(self, subject: str) -> AsyncIterator[Finding]:
        """Tidy the name up."""
        if subject != subject.strip():
            yield Finding(subject, "has space around it")


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody."""
    identity = ["-c", "user.name=Ines", "-c", "user.email=ines@example.com"]
    command = ["git", *identity, *arguments]
    return subprocess.check_output(command, cwd=folder, text=True).strip()


def written(report: Report) -> Any:
    """Read the report back."""
    return json.loads(report.write().read_text(encoding="utf-8"))


def test_a_failure_says_what_where_and_how_to_mend_it() -> None:
    """A developer reads the rule, the place and the remedy."""
    told = sentence(Tidy(), [Finding("GET /v1/things", "has no bounds")])
    expected = "TEST001 Names are tidy.\n  GET /v1/things: has no bounds\n\nTidy the name up."
    assert expected == told


async def test_report_names_the_commit_the_routes_and_the_findings(tmp_path: Path) -> None:
    """Whoever reads it can tell whether it speaks of the present commit and of every route."""
    service = make_service(tmp_path / "orders", "api")
    (service.root / ".gitignore").write_text(".dev/\n", encoding="utf-8")
    git(service.root, "init", "-q")
    git(service.root, "add", "-A")
    git(service.root, "commit", "-qm", "Start")
    rule = Tidy()
    report = Report(service, "api", ["GET /v1/things", "GET /livez"])
    report.add(rule, [finding async for finding in rule.check(" name")])

    found = written(report)

    assert found["commit"] == git(service.root, "rev-parse", "HEAD")
    assert found["edited"] is False
    assert found["routes"] == ["GET /livez", "GET /v1/things"]
    assert found["rules"]["TEST001"]["findings"] == [
        {"place": " name", "seen": "has space around it"}
    ]


def test_report_outside_version_control_belongs_to_no_commit(tmp_path: Path) -> None:
    """Without a commit it cannot be current."""
    found = written(Report(make_service(tmp_path / "orders", "api"), "api", []))
    assert (found["commit"], found["edited"]) == (None, True)
