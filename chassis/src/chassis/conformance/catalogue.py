"""The rules as a page to read, made from the rules themselves."""

from collections.abc import Iterable
from typing import Any

from chassis.conformance.rule import Rule

_HEAD = """\
# The behavioural standards of an API

`tests/api/test_standards.py` runs these against the service itself; `just test -k AUTH002` runs
one. Bronze keeps a service safe, silver keeps it consistent. Each run writes
`.dev/conformance-api.json`.
"""


def page(rules: Iterable[Rule[Any]]) -> str:
    """Write ``rules`` in the order of their ids, in Markdown: title, level and remedy of each."""
    parts = [
        f"## {rule.id} · {rule.level}\n\n**{rule.title}**\n\n{rule.remedy}\n"
        for rule in sorted(rules, key=lambda rule: rule.id)
    ]
    return "\n".join([_HEAD, *parts])
