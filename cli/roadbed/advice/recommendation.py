"""From answers to one recommendation: scores, reasons for and against, and what would change it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import TypeVar

from roadbed.advice.rubric import PLANS, Choice, Conditional, Criterion, Facts, Option, Plan, Rubric

T = TypeVar("T", bound=Conditional)

STRONGEST = 3
CLOSE, LIKELY, CLEAR, BY_RULE = "close", "likely", "clear", "by rule"


@dataclass(frozen=True)
class GivenAnswer:
    """An answer: the criterion and the option that was chosen."""

    criterion: Criterion
    option: Option

    def points(self, plan: Plan) -> int:
        """Return the points that the answer gives to a plan."""
        return self.option.points.get(plan, 0)

    def lead(self, plan: Plan, other: Plan) -> int:
        """Return how many more points the answer gives to one plan than to another."""
        return self.points(plan) - self.points(other)


@dataclass(frozen=True)
class Flip:
    """An answer that would lead to another `plan`, if everything else stayed as it is."""

    answer: GivenAnswer
    plan: Plan


@dataclass(frozen=True)
class Recommendation:
    """The rubric's result for one answer to each criterion.

    `rival` is the next plan, if possible one that is not excluded; `lead` is the difference to it
    in points, None when no other plan is left. `excluded` has the reasons for each excluded plan.
    `settled` are choices that were made differently from the rubric's.
    """

    rubric: Rubric
    given_answers: tuple[GivenAnswer, ...]
    scores: Mapping[Plan, int]
    excluded: Mapping[Plan, tuple[str, ...]]
    plan: Plan
    rival: Plan
    lead: int | None
    settled: Mapping[str, str] = field(default_factory=dict)

    @property
    def confidence(self) -> str:
        """How sure the recommendation is: by its lead, or by rule when no other plan is left."""
        limits = self.rubric.thresholds
        if self.lead is None:
            return BY_RULE
        if self.lead >= limits.clear:
            return CLEAR
        return CLOSE if self.lead <= limits.close else LIKELY

    @cached_property
    def pros(self) -> list[GivenAnswer]:
        """The strongest reasons for the plan over its rival, those of the product first."""
        return self._strongest(self.plan, self.rival)

    @cached_property
    def cons(self) -> list[GivenAnswer]:
        """The strongest reasons for the rival."""
        return self._strongest(self.rival, self.plan)

    def _strongest(self, plan: Plan, other: Plan) -> list[GivenAnswer]:
        reasons = [
            answer
            for answer in self.given_answers
            if answer.lead(plan, other) > 0 and answer.points(plan) > 0
        ]
        strongest = sorted(reasons, key=lambda answer: -answer.lead(plan, other))[:STRONGEST]
        # what is needed comes before who is there to do it
        return sorted(strongest, key=lambda answer: answer.criterion.part != "product")

    @cached_property
    def flips(self) -> list[Flip]:
        """The single other answers that would change the plan, the nearest one of each criterion.

        The smallest change comes first; among equal changes, the answer that contributes most to
        the lead.
        """
        nearest: dict[tuple[str, Plan], Flip] = {}
        for flip in sorted(self._flips(), key=self._distance):
            nearest.setdefault((flip.answer.criterion.id, flip.plan), flip)
        return sorted(nearest.values(), key=lambda flip: (self._distance(flip), -self._share(flip)))

    @cached_property
    def pair(self) -> tuple[Flip, Flip] | None:
        """The smallest change of two answers that changes the plan together, or None."""
        pairs = [
            (Flip(one, alternative.plan), Flip(two, alternative.plan))
            for one, two in combinations(self._others(), 2)
            if one.criterion is not two.criterion
            and (alternative := self._instead(one, two)).plan != self.plan
        ]
        return min(pairs, key=lambda pair: sum(map(self._distance, pair)), default=None)

    def _flips(self) -> Iterator[Flip]:
        for other in self._others():
            alternative = self._instead(other)
            if alternative.plan != self.plan:
                yield Flip(other, alternative.plan)

    def _others(self) -> list[GivenAnswer]:
        """Return every possible answer that was not given."""
        return [
            GivenAnswer(criterion, option)
            for criterion in self.rubric.criteria
            for option in criterion.options
            if not criterion.fixed and option.id != self.answers[criterion.id]
        ]

    def _instead(self, *others: GivenAnswer) -> "Recommendation":
        """Return the recommendation with these answers in place of those that were given."""
        return recommend(
            self.rubric,
            {**self.answers, **{other.criterion.id: other.option.id for other in others}},
        )

    def _share(self, flip: Flip) -> int:
        """Return the contribution of the given answer to the lead."""
        current = next(
            answer for answer in self.given_answers if answer.criterion == flip.answer.criterion
        )
        return current.lead(self.plan, self.rival)

    def _distance(self, flip: Flip) -> int:
        """Return the distance in options between an answer and the given one."""
        criterion, option = flip.answer.criterion, flip.answer.option
        current = criterion.option(self.answers[criterion.id])
        return abs(criterion.options.index(option) - criterion.options.index(current))

    @property
    def answers(self) -> dict[str, str]:
        """The answers by criterion."""
        return {answer.criterion.id: answer.option.id for answer in self.given_answers}

    @cached_property
    def choices(self) -> dict[str, Choice]:
        """The answers to the template's other questions, by question."""
        facts = {**self.answers, "plan": self.plan}
        matching = [choice for choice in self.rubric.choices if choice.holds(facts)]
        return {choice.question: choice for choice in reversed(matching)}

    @cached_property
    def facts(self) -> Facts:
        """The facts that conditions of texts refer to."""
        chosen = {question: choice.value for question, choice in self.choices.items()}
        return {**self.answers, **chosen, **self.settled, "plan": self.plan}

    def holding(self, texts: Iterable[T]) -> list[T]:
        """Return the texts whose conditions hold for this recommendation."""
        return [text for text in texts if text.holds(self.facts)]


def recommend(rubric: Rubric, answers: Mapping[str, str]) -> Recommendation:
    """Return the recommendation for one answer to each criterion; raises KeyError for another
    answer.
    """
    given_answers = tuple(
        GivenAnswer(criterion, criterion.option(answers[criterion.id]))
        for criterion in rubric.criteria
    )
    scores = {
        plan: rubric.plans[plan].base + sum(answer.points(plan) for answer in given_answers)
        for plan in PLANS
    }
    excluded = _excluded(rubric, answers)
    ranked = sorted(PLANS, key=lambda plan: (plan in excluded, -scores[plan]))
    plan, rival = ranked[:2]
    lead = None if rival in excluded else scores[plan] - scores[rival]
    return Recommendation(rubric, given_answers, scores, excluded, plan, rival, lead)


def _excluded(rubric: Rubric, answers: Mapping[str, str]) -> dict[Plan, tuple[str, ...]]:
    rules = [rule for rule in rubric.rules if rule.holds(answers)]
    plans = {plan for rule in rules for plan in rule.excludes}
    return {
        plan: tuple(rule.text for rule in rules if plan in rule.excludes)
        for plan in PLANS
        if plan in plans
    }
