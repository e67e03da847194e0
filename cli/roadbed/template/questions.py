"""The questions of a template repository, read from its `copier.yml` without importing Copier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from roadbed.errors import UsageError
from roadbed.template.source import QUESTIONS_FILE, Source, questions_text


@dataclass(frozen=True)
class Questionnaire:
    """Every question by name, with the values it can be answered with (empty: free text).

    `types` are Copier's, by the question's name: `str`, `yaml`, ….
    """

    choices: Mapping[str, tuple[str, ...]]
    types: Mapping[str, str]

    @property
    def plans(self) -> tuple[str, ...]:
        """The plans on offer, in the order of the template."""
        return self.choices["plan"]

    @property
    def _offered(self) -> list[str]:
        """The questions that people answer; lists are written by commands."""
        return [key for key, kind in self.types.items() if kind != "yaml"]

    def require_plan(self, plan: str) -> None:
        """Raise UsageError when the template has no such plan."""
        if plan not in self.plans:
            raise UsageError(f"There is no plan {plan!r}: choose {_or(self.plans)}.")

    def require_known(self, answers: Mapping[str, str]) -> None:
        """Raise UsageError when an answer has no question or is not one of its choices."""
        for key, answer in answers.items():
            if key not in self.choices:
                raise UsageError(
                    f"There is no question {key!r} to answer with -d: choose {_or(self._offered)}."
                )
            if self.choices[key] and answer not in self.choices[key]:
                raise UsageError(
                    f"{key} cannot be {answer!r}: answer with -d {key}={_or(self.choices[key])}."
                )

    def possible(self, answers: Mapping[str, str]) -> dict[str, str]:
        """Return the answers that this questionnaire accepts."""
        return {
            key: answer
            for key, answer in answers.items()
            if key in self.choices and answer in (self.choices[key] or (answer,))
        }

    def fault(self, key: str, value: object) -> str:
        """Return the mistake in a recorded answer as a sentence, or an empty text."""
        if key not in self.choices:
            return f"`{key}` is not a question of the template"
        if self.types[key] == "str" and not isinstance(value, str):
            return f"`{key}` is not text"
        if self.choices[key] and str(value) not in self.choices[key]:
            return f"`{key}` cannot be {value!r}: it is {_or(self.choices[key])}"
        return ""


def read_questions(source: Source) -> Questionnaire:
    """Return the questionnaire of `source`; raises UsageError when it is not one of Roadbed's."""
    return parse_questions(questions_text(source), source.url)


def parse_questions(text: str, url: str) -> Questionnaire:
    """Return the questionnaire in `text`, of the template repository `url`; raises as
    `read_questions`.
    """
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"{QUESTIONS_FILE} of {url} is not valid YAML.") from error
    if not isinstance(data, dict) or not isinstance(data.get("plan"), dict):
        raise UsageError(
            f"{QUESTIONS_FILE} of {url} has no question `plan`, so it is not a Roadbed "
            "template repository: name one with --source."
        )
    questions = {key: value for key, value in data.items() if not str(key).startswith("_")}
    return Questionnaire(
        {key: tuple(_values(value)) for key, value in questions.items()},
        {key: _type(value) for key, value in questions.items()},
    )


def _type(question: object) -> str:
    return str(question.get("type", "")) if isinstance(question, dict) else ""


def _values(question: object) -> list[str]:
    choices = question.get("choices", []) if isinstance(question, dict) else []
    if isinstance(choices, dict):
        return [_value(choice) for choice in choices.values()]
    if isinstance(choices, list):
        return [_value(choice) for choice in choices]
    return []


def _value(choice: object) -> str:
    # Copier's spellings of one choice: value · [label, value] · {value: …, validator: …}
    if isinstance(choice, dict):
        return str(choice.get("value"))
    return str(choice[-1] if isinstance(choice, list) else choice)


def _or(names: Sequence[str] | Mapping[str, object]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
