"""The report of a run of the behavioral rules, for `roadbed check` to read."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chassis.conformance.rule import Finding, Standard
from chassis.service import Half, Service

VERSION = 1
"""The version of the file's format."""


@dataclass
class Report:
    """The rules that ran against one half of a service, and over which routes."""

    service: Service
    half: Half
    routes: list[str]
    _results: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, rule: Standard, findings: Iterable[Finding]) -> None:
        """Store the findings of `rule`; none means that the rule holds."""
        self._results[rule.id] = {
            "title": rule.title,
            "level": rule.level,
            "findings": [asdict(finding) for finding in findings],
        }

    def write(self) -> Path:
        """Write `.dev/conformance-<half>.json`, which names the commit it describes."""
        target = self.service.root / ".dev" / f"conformance-{self.half}.json"
        target.parent.mkdir(mode=0o700, exist_ok=True)
        target.write_text(json.dumps(self._document(), indent=2) + "\n", encoding="utf-8")
        return target

    def _document(self) -> Mapping[str, Any]:
        commit = _git(self.service.root, "rev-parse", "HEAD")
        return {
            "format": VERSION,
            "half": self.half,
            "commit": commit or None,
            "edited": commit == "" or bool(_git(self.service.root, "status", "--porcelain")),
            "routes": sorted(self.routes),
            "rules": dict(sorted(self._results.items())),
        }


def _git(folder: Path, *arguments: str) -> str:
    """Return git's output; empty outside a repository or without git."""
    try:
        done = subprocess.run(  # noqa: S603 - a list, never a shell
            ["git", *arguments],  # noqa: S607 - git is on PATH
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
