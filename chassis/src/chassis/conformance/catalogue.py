"""The rules as a Markdown page, generated from the rules themselves."""

from collections.abc import Iterable, Mapping

from chassis.conformance.rule import Standard
from chassis.service import Half

_KINDS: Mapping[Half, str] = {"web": "a Django half", "api": "an API"}
_HEAD = """\
# The behavioral standards of {kind}

`tests/{half}/test_standards.py` runs these against the service itself; `just test -k AUTH002` runs
one. Bronze keeps a service safe, silver keeps it consistent. Each run writes
`.dev/conformance-{half}.json`.
"""


def page(half: Half, rules: Iterable[Standard]) -> str:
    """Return `rules` as Markdown, ordered by id: title, level and remedy of each."""
    parts = [
        f"## {rule.id} · {rule.level}\n\n**{rule.title}**\n\n{rule.remedy}\n"
        for rule in sorted(rules, key=lambda rule: rule.id)
    ]
    return "\n".join([_HEAD.format(half=half, kind=_KINDS[half]), *parts])
