"""The page of the rules, and that it is the one which the guide shows."""

import re
from pathlib import Path

from chassis.conformance.catalogue import page
from chassis.django.conformance.suite import RULES
from chassis.fastapi.conformance.suite import RULES as API_RULES

PAGE = Path(__file__).parents[4] / "docs" / "rules" / "web.md"


def test_ids_are_unique_and_well_formed() -> None:
    """An id names one rule for ever."""
    ids = [rule.id for rule in RULES]
    assert sorted(set(ids)) == sorted(ids)
    assert [name for name in ids if not re.fullmatch(r"[A-Z]{3,4}\d{3}", name)] == []


def test_an_id_names_the_same_standard_in_both_halves() -> None:
    """Whoever knows a rule from one half knows it in the other."""
    api = {rule.id: type(rule).__name__ for rule in API_RULES}
    here = {rule.id: type(rule).__name__ for rule in RULES}
    assert {key: here[key] for key in here.keys() & api} == {
        key: api[key] for key in here.keys() & api
    }


def test_every_rule_says_what_holds_and_what_to_do() -> None:
    """Title and remedy come from the docstrings, and none is missing."""
    assert [rule.id for rule in RULES if not rule.title.endswith(".") or not rule.remedy] == []


def test_the_guide_shows_the_rules_as_they_are() -> None:
    """`just standards` in a service prints this page; copy it when a rule changes."""
    assert PAGE.read_text(encoding="utf-8") == page("web", RULES)
