"""A report of `check` for people and for machines."""

import json
import shlex
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from roadbed import terminal as output
from roadbed.drift import findings
from roadbed.drift.check import Report
from roadbed.drift.findings import RESTORABLE, Finding
from roadbed.service.waivers import Waiver


def as_text(report: Report) -> list[str]:
    """The report for people: one line when clean, else one finding a line and what to do."""
    width = max((len(found.path) for found in report.findings), default=0)
    lines = [f"{found.path:<{width}}  {_said(found)}".rstrip() for found in report.findings]
    blank = [""] if lines else []
    return [*_restored(report), *lines, *blank, _summary(report), *_advice(report)]


def _said(found: Finding) -> str:
    if found.waiver:
        return f"{found.state}, waived until {found.waiver.expires}: {found.waiver.reason}"
    if found.on_record:
        return f"{found.state}, on record"
    return f"{found.state} {found.detail}"


def _summary(report: Report) -> str:
    failing = Counter(found.state for found in report.findings if found.fails)
    let_pass = Counter(_let_pass(found) for found in report.findings if not found.fails)
    counts = [f"{count} {word}" for word, count in [*sorted(failing.items()), *let_pass.items()]]
    if failing:
        return f"{', '.join(counts)}, of {report.checked} managed files."
    same = report.checked - sum(found.state in RESTORABLE for found in report.findings)
    rest = f"; {', '.join(counts)}" if counts else ""
    return f"{same} managed files are as the template ({report.version}) made them{rest}."


def _let_pass(found: Finding) -> str:
    if found.waiver:
        return "waived"
    return "on record" if found.on_record else found.state


def _advice(report: Report) -> list[str]:
    states = dict.fromkeys(found.state for found in report.findings if found.fails)
    restore = findings.RESTORE
    if report.folder != Path():
        restore += f" {shlex.quote(str(report.folder))}"
    texts = [f"{state}: {findings.advice(state, restore)}." for state in states]
    return [line for text in texts for line in output.wrapped(text, "")]


def _restored(report: Report) -> list[str]:
    lines = [
        f"{done.path}  restored" + (f"; what was there is in {done.saved}" if done.saved else "")
        for done in report.restored or ()
    ]
    return [*lines, ""] if lines else []


def as_json(report: Report) -> str:
    """The report for machines; `schema` changes when a key goes or means something else."""
    document: dict[str, object] = {
        "schema": 1,
        "path": str(report.folder.resolve()),
        "plan": report.plan,
        "template": report.version,
        "checked": report.checked,
        "findings": [_finding(found) for found in report.findings],
    }
    if report.differences is not None:
        document["differences"] = {
            path: "\n".join([*lines, ""]) for path, lines in report.differences.items()
        }
    if report.restored is not None:
        document["restored"] = [
            {"path": done.path, "state": done.state, "saved": done.saved and str(done.saved)}
            for done in report.restored
        ]
    return json.dumps(document, indent=2)


def _finding(found: Finding) -> dict[str, object]:
    return {
        "path": found.path,
        "state": found.state,
        "fix": found.fix,
        "fails": found.fails,
        "detail": found.detail,
        "on_record": found.on_record,
        "waiver": _waiver(found.waiver) if found.waiver else None,
    }


def _waiver(waiver: Waiver) -> dict[str, str]:
    return {key: str(value) for key, value in asdict(waiver).items() if key != "number"}
