"""The rules as a page to read, made from the rules themselves."""

from collections.abc import Iterable, Mapping

from chassis.conformance.rule import Standard
from chassis.service import Half

_OF: Mapping[Half, str] = {"web": "a Django half", "api": "an API"}
_HEAD = """\
# The behavioural standards of {of}

`tests/{half}/test_standards.py` runs these against the service itself; `just test -k AUTH002` runs
one. Bronze keeps a service safe, silver keeps it consistent. Each run writes
`.dev/conformance-{half}.json`.
"""


def page(half: Half, rules: Iterable[Standard]) -> str:
    """Write ``rules`` in the order of their ids, in Markdown: title, level and remedy of each."""
    parts = [
        f"## {rule.id} · {rule.level}\n\n**{rule.title}**\n\n{rule.remedy}\n"
        for rule in sorted(rules, key=lambda rule: rule.id)
    ]
    return "\n".join([_HEAD.format(half=half, of=_OF[half]), *parts])
