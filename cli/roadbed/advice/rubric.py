"""The rubric: the questions, the weight of each answer, and all texts.

It is data (`rubric.toml` here, which says how to change it) and is validated on every read: a
rubric that contradicts itself gives no advice.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, product
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from roadbed.errors import UsageError

RUBRIC_FILE = Path(__file__).with_name("rubric.toml")

Plan = Literal["django-monolith", "fastapi-service", "hybrid"]
PLANS: tuple[Plan, ...] = ("django-monolith", "fastapi-service", "hybrid")
Text = Annotated[str, Field(min_length=1)]
# a key of a file of answers, and typed in the interview, where one letter means something else
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]+$")]
Points = dict[Plan, Annotated[int, Field(ge=-9, le=9)]]
Facts = Mapping[str, str]
"""The input of conditions: the answers by criterion, the plan, and the choices by question."""


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Conditional(_Item):
    """A text that holds `when` each fact named there has one of the listed values."""

    text: Text
    when: dict[str, list[str]] = {}

    def holds(self, facts: Facts) -> bool:
        """Return whether the condition holds; a missing fact means no."""
        return all(facts.get(name) in wanted for name, wanted in self.when.items())


class Option(_Item):
    """An answer: its `label` in the interview, the `fact` for the decision record (or empty), the
    `points` for plans, and the `reason` for them (`reasons`: another one for some plan).
    """

    id: Name
    label: Text
    fact: str
    points: Points = {}
    reason: str = ""
    reasons: dict[Plan, Text] = {}

    def argument(self, plan: Plan) -> str:
        """Return why the answer gives points to the plan, or takes them."""
        return self.reasons.get(plan, self.reason)


class Criterion(_Item):
    """A question. The options of one that `favors` plans are sorted: each favors them more than the
    one before. `part` groups the facts of the record; `fixed` means that it cannot be changed.
    """

    id: Name
    name: Text
    part: Literal["product", "organization"]
    question: Text
    why: Text
    default: Text
    favors: list[Plan] = []
    fixed: bool = False
    options: Annotated[list[Option], Field(alias="option", min_length=2)]

    def option(self, answer: str) -> Option:
        """Return the option of an answer; raises KeyError when there is none."""
        matching = (option for option in self.options if option.id == answer)
        try:
            return next(matching)
        except StopIteration:
            raise KeyError(answer) from None


class Rule(Conditional):
    """A plan that is out of the question when the condition holds, whatever it scores."""

    excludes: Annotated[list[Plan], Field(min_length=1)]


class Choice(Conditional):
    """The answer to a `question` of the template; the first one that holds counts."""

    question: Text
    value: Text


class Step(Conditional):
    """A task for these of the first ninety days."""

    days: Text


class Figure(Conditional):
    """A measurement; `source` says who measured it."""

    source: Text


class PlanText(_Item):
    """A plan's name, its starting points, and its meaning for code and people."""

    title: Text
    noun: Text
    base: int
    layout: Text
    reason: Text
    inconsistency: Text


class Thresholds(_Item):
    """The greatest lead of a close recommendation, and the smallest lead of a clear one."""

    close: Annotated[int, Field(ge=0)]
    clear: Annotated[int, Field(ge=1)]


class Rubric(_Item):
    """The whole rubric; `origin` says where it comes from."""

    format: Literal[1]
    version: Text
    origin: str = "Roadbed's rubric"
    thresholds: Thresholds
    plans: dict[Plan, PlanText]
    criteria: Annotated[list[Criterion], Field(alias="criterion", min_length=1, max_length=12)]
    rules: list[Rule] = Field(alias="rule", default=[])
    choices: list[Choice] = Field(alias="choice", default=[])
    warnings: list[Conditional] = Field(alias="warning", default=[])
    roles: list[Conditional] = Field(alias="role", default=[])
    seniority: list[Conditional] = []
    standards: list[Conditional] = Field(alias="standard", default=[])
    steps: list[Step] = Field(alias="step", default=[])
    triggers: list[Conditional] = Field(alias="trigger", default=[])
    figures: list[Figure] = Field(alias="figure", default=[])


def load_rubric(path: Path = RUBRIC_FILE) -> Rubric:
    """Return the rubric in a file; raises UsageError that names the first mistake."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The rubric {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise _broken(path, "it is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The rubric {path} is not valid TOML: {error}.") from error
    try:
        rubric = Rubric.model_validate(data)
    except ValidationError as error:
        raise _broken(path, _place(error, data)) from error
    for fault in faults(rubric):
        raise _broken(path, fault)
    return (
        rubric
        if path == RUBRIC_FILE
        else rubric.model_copy(update={"origin": f"our `{path.name}`,"})
    )


def faults(rubric: Rubric) -> Iterator[str]:
    """Yield the contradictions in a rubric, as sentences."""
    yield from _names(rubric)
    for criterion in rubric.criteria:
        for favored in criterion.favors:
            yield from _order(criterion, favored)
    yield from _conditions(rubric)
    yield from _nothing_left(rubric)


def _names(rubric: Rubric) -> Iterator[str]:
    if {*rubric.plans} != {*PLANS}:
        yield f"`plans` must name {', '.join(PLANS)}"
    if rubric.thresholds.close >= rubric.thresholds.clear:
        yield "`thresholds`: close must be less than clear"
    ids = [criterion.id for criterion in rubric.criteria]
    for name in {name for name in ids if ids.count(name) > 1}:
        yield f"the criterion {name} is there twice"
    for criterion in rubric.criteria:
        options = [option.id for option in criterion.options]
        if len({*options}) < len(options):
            yield f"an option of the criterion {criterion.id} is there twice"
        if criterion.default not in options:
            yield f"the default of the criterion {criterion.id} is not one of its options"
        for option in criterion.options:
            for plan, points in option.points.items():
                if points and not option.argument(plan):
                    yield f"{criterion.id} = {option.id} has points for {plan} and no reason"


def _order(criterion: Criterion, favored: Plan) -> Iterator[str]:
    """Yield a fault where a further option helps another plan more than the favored ones."""
    for less, more in pairwise(criterion.options):
        gains = {plan: more.points.get(plan, 0) - less.points.get(plan, 0) for plan in PLANS}
        others = (gain for plan, gain in gains.items() if plan not in criterion.favors)
        if gains[favored] < max([0, *others]):
            yield (
                f"the criterion {criterion.id} favors {favored}, and the step from {less.id} to "
                f"{more.id} does less for it than for another plan"
            )


def _conditions(rubric: Rubric) -> Iterator[str]:
    """Yield conditions that never hold: rules know the answers, choices the plan too, texts all."""
    known = {
        criterion.id: {option.id for option in criterion.options} for criterion in rubric.criteria
    }
    yield from _impossible(rubric.rules, known)
    known["plan"] = {*PLANS}
    yield from _impossible(rubric.choices, known)
    for choice in rubric.choices:
        known.setdefault(choice.question, set()).add(choice.value)
    texts = (rubric.warnings, rubric.roles, rubric.seniority, rubric.standards, rubric.triggers)
    for items in (*texts, rubric.steps, rubric.figures):
        yield from _impossible(items, known)


def _impossible(items: Iterable[Conditional], known: Mapping[str, set[str]]) -> Iterator[str]:
    for item in items:
        for name, wanted in item.when.items():
            for value in wanted:
                if value not in known.get(name, ()):
                    yield f"a condition asks for {name} = {value}, which cannot be ({item.text!r})"


def _nothing_left(rubric: Rubric) -> Iterator[str]:
    """Yield the first answers for which the rules leave no plan."""
    named = {name for rule in rubric.rules for name in rule.when}
    asked = [criterion for criterion in rubric.criteria if criterion.id in named]
    for options in product(*(criterion.options for criterion in asked)):
        answers = {
            criterion.id: option.id for criterion, option in zip(asked, options, strict=True)
        }
        out = {plan for rule in rubric.rules if rule.holds(answers) for plan in rule.excludes}
        if out == {*PLANS}:
            combination = ", ".join(f"{name} = {value}" for name, value in answers.items())
            yield f"the rules leave no plan for {combination}"
            return


def _place(error: ValidationError, data: object) -> str:
    first = error.errors()[0]
    return f"{_path(first['loc'], data)}: {first['msg'].lower()}"


def _path(loc: tuple[int | str, ...], data: object) -> str:
    """Return the location in the words of the file: criterion team, option few, points."""
    words: list[str] = []
    for part in loc:
        data = _inside(data, part)
        if isinstance(part, int) and isinstance(data, dict):
            words.append(str(data.get("id", part + 1)))
        else:
            words.append(str(part + 1) if isinstance(part, int) else part)
    return " ".join(words)


def _inside(data: object, part: int | str) -> object:
    if isinstance(data, dict):
        return data.get(part)
    return data[part] if isinstance(data, list) and isinstance(part, int) else None


def _broken(path: Path, why: str) -> UsageError:
    return UsageError(f"The rubric {path} cannot be used ({why}): fix it there and try again.")
