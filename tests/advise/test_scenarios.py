"""What the rubric says to companies, and what must be true of it whatever anybody answers."""

import random
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadbed.advice.recommendation import BY_RULE, CLOSE, Recommendation, recommend
from roadbed.advice.rubric import PLANS, Criterion
from tests.advise.conftest import RUBRIC, SCENARIOS

SETS = st.fixed_dictionaries(
    {it.id: st.sampled_from([option.id for option in it.options]) for it in RUBRIC.criteria}
)
ORDERED = [it for it in RUBRIC.criteria if it.favors]
MANY = settings(max_examples=500, deadline=None, derandomize=True)


def with_(answers: dict[str, str], criterion: Criterion, option: str) -> Recommendation:
    """What is said where one answer is another."""
    return recommend(RUBRIC, {**answers, criterion.id: option})


@pytest.mark.parametrize("company", SCENARIOS, ids=[it["name"] for it in SCENARIOS])
def test_a_company(company: dict[str, Any]) -> None:
    """The expected plan, for an expected reason, with the expected choices."""
    found = recommend(RUBRIC, company["answers"])

    assert company["plan"] == found.plan
    assert {*company["reasons"]} & {it.criterion.id for it in found.pros}
    chosen = {key: it.value for key, it in found.choices.items()}
    assert company.get("choices", {}).items() <= chosen.items()
    assert company.get("close", False) == (found.confidence == CLOSE)


def test_companies() -> None:
    """Thirty of them and more, each plan for several, and no two alike."""
    sets = {tuple(it["answers"].values()) for it in SCENARIOS}
    assert len(SCENARIOS) == len(sets) >= 30
    assert all(sum(it["plan"] == plan for it in SCENARIOS) >= 4 for plan in PLANS)


@MANY
@given(answers=SETS)
def test_any_answers(answers: dict[str, str]) -> None:
    """There is a plan that is not excluded, a reason, a verdict on every choice of the plan."""
    found = recommend(RUBRIC, answers)

    assert found.plan not in found.excluded
    assert (found.lead is None) == (found.confidence == BY_RULE)
    assert found.lead is None or found.lead >= 0
    asked = {
        "django-monolith": {"web_api", "tenancy"},
        "fastapi-service": {"orm", "auth", "api_shape"},
        "hybrid": {"web_api", "tenancy", "orm", "api_shape"},
    }
    assert asked[found.plan] == found.choices.keys()
    assert all(it.option.argument(found.plan) for it in found.pros)
    assert all(it.option.argument(found.rival) for it in found.cons)


@MANY
@given(answers=SETS, criterion=st.sampled_from(ORDERED), data=st.data())
def test_more_of_a_need(answers: dict[str, str], criterion: Criterion, data: st.DataObject) -> None:
    """More of what favors a plan never lowers its score, and never turns the advice from it."""
    less, more = data.draw(st.sampled_from(list(pairwise(criterion.options))))
    before, after = with_(answers, criterion, less.id), with_(answers, criterion, more.id)

    for plan in criterion.favors:
        assert before.scores[plan] <= after.scores[plan]
    assert before.plan not in criterion.favors or after.plan in criterion.favors


@pytest.mark.parametrize("criterion", RUBRIC.criteria, ids=[it.id for it in RUBRIC.criteria])
def test_every_question_matters(criterion: Criterion) -> None:
    """For each there are other answers with which it decides; otherwise it would not be asked."""
    chance = random.Random(7)  # noqa: S311 (the same sets each time)
    sets = [{it.id: chance.choice(it.options).id for it in RUBRIC.criteria} for _ in range(300)]
    said = [
        {_decided(with_(answers, criterion, option.id)) for option in criterion.options}
        for answers in sets
    ]
    assert any(len(decisions) > 1 for decisions in said)


def _decided(recommendation: Recommendation) -> tuple[str, ...]:
    return (
        recommendation.plan,
        *sorted(f"{key}={it.value}" for key, it in recommendation.choices.items()),
    )


def test_near_ties() -> None:
    """Whatever is close says what would settle it."""
    chance = random.Random(8)  # noqa: S311 (the same sets each time)
    close = 0
    for _ in range(2000):
        found = recommend(RUBRIC, {it.id: chance.choice(it.options).id for it in RUBRIC.criteria})
        if found.confidence == CLOSE:
            close += 1
            assert found.flips or found.pair, found.answers
    assert close > 100


def test_no_second_stack_for_a_django_code_base() -> None:
    """A Django code base that only wants an API keeps it in Django, whatever else is answered."""
    chance = random.Random(9)  # noqa: S311 (the same sets each time)
    for wanted, load in product(("product", "internal", "api"), ("database", "some", "waiting")):
        for _ in range(50):
            answers = {it.id: chance.choice(it.options).id for it in RUBRIC.criteria}
            answers |= {"existing": "django", "product": wanted, "load": load}
            assert "django-monolith" == recommend(RUBRIC, answers).plan


def test_no_hybrid_without_a_platform_function() -> None:
    """Nobody who keeps a boundary, or too few people: no hybrid, and the rule is named."""
    answers = next(it["answers"] for it in SCENARIOS if it["plan"] == "hybrid")
    for key, value in (("platform", "nobody"), ("team", "few")):
        found = recommend(RUBRIC, {**answers, key: value})
        assert "hybrid" != found.plan
        assert found.excluded["hybrid"]
