"""The page of the rules, and that it is the one which the guide shows."""

import re
from pathlib import Path

from chassis.conformance.catalogue import page
from chassis.fastapi.conformance.suite import RULES

PAGE = Path(__file__).parents[4] / "docs" / "rules" / "api.md"


def test_ids_are_unique_and_well_formed() -> None:
    """An id names one rule for ever."""
    ids = [rule.id for rule in RULES]
    assert sorted(set(ids)) == sorted(ids)
    assert [name for name in ids if not re.fullmatch(r"[A-Z]{3,4}\d{3}", name)] == []


def test_every_rule_says_what_holds_and_what_to_do() -> None:
    """Title and remedy come from the docstrings, and none is missing."""
    assert [rule.id for rule in RULES if not rule.title.endswith(".") or not rule.remedy] == []


def test_the_guide_shows_the_rules_as_they_are() -> None:
    """`just standards` in a service prints this page; copy it when a rule changes."""
    assert PAGE.read_text(encoding="utf-8") == page("api", RULES)
