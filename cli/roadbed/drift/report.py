"""A report of `check` for people and for machines."""

import shlex
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from roadbed import terminal
from roadbed.drift.check import Report
from roadbed.drift.findings import RESTORABLE, RESTORE_COMMAND, Finding, advice_for
from roadbed.service.waivers import Waiver


def as_text(report: Report) -> list[str]:
    """Return the report for people: one line when clean, else one finding a line and the advice."""
    width = max((len(finding.path) for finding in report.findings), default=0)
    lines = [
        f"{finding.path:<{width}}  {_description(finding)}".rstrip() for finding in report.findings
    ]
    blank = [""] if lines else []
    return [*_restored(report), *lines, *blank, _summary(report), *_advice(report)]


def _description(finding: Finding) -> str:
    if finding.waiver:
        return f"{finding.state}, waived until {finding.waiver.expires}: {finding.waiver.reason}"
    if finding.on_record:
        return f"{finding.state}, on record"
    return f"{finding.state} {finding.detail}"


def _summary(report: Report) -> str:
    failing = Counter(finding.state for finding in report.findings if finding.fails)
    passing = Counter(_passing_label(finding) for finding in report.findings if not finding.fails)
    counts = [f"{count} {word}" for word, count in [*sorted(failing.items()), *passing.items()]]
    if failing:
        return f"{', '.join(counts)}, of {report.checked} managed files."
    same = report.checked - sum(finding.state in RESTORABLE for finding in report.findings)
    rest = f"; {', '.join(counts)}" if counts else ""
    return f"{same} managed files are as the template ({report.version}) made them{rest}."


def _passing_label(finding: Finding) -> str:
    if finding.waiver:
        return "waived"
    return "on record" if finding.on_record else finding.state


def _advice(report: Report) -> list[str]:
    states = dict.fromkeys(finding.state for finding in report.findings if finding.fails)
    restore = RESTORE_COMMAND
    if report.folder != Path():
        restore += f" {shlex.quote(str(report.folder))}"
    texts = [f"{state}: {advice_for(state, restore)}." for state in states]
    return [line for text in texts for line in terminal.wrapped(text, "")]


def _restored(report: Report) -> list[str]:
    lines = [
        f"{done.path}  restored"
        + (f"; your version is saved in {done.saved}" if done.saved else "")
        for done in report.restored or ()
    ]
    return [*lines, ""] if lines else []


def as_data(report: Report) -> dict[str, object]:
    """Return the report's own keys of the JSON document."""
    document: dict[str, object] = {
        "checked": report.checked,
        "findings": [_finding(finding) for finding in report.findings],
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
    return document


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "path": finding.path,
        "state": finding.state,
        "fix": finding.fix,
        "fails": finding.fails,
        "detail": finding.detail,
        "on_record": finding.on_record,
        "waiver": _waiver(finding.waiver) if finding.waiver else None,
    }


def _waiver(waiver: Waiver) -> dict[str, str]:
    return {key: str(value) for key, value in asdict(waiver).items() if key != "number"}
