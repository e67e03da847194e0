"""SEC002."""

from collections.abc import AsyncIterator
from typing import Any, override

from pydantic import ValidationError

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.subject import Subject
from chassis.settings import Environment, Secret


class PlaceholderSecrets(Rule[Subject]):
    """No placeholder secret starts outside development."""

    id = "SEC002"
    level = Level.BRONZE

    @override
    async def check(self, subject: Subject) -> AsyncIterator[Finding]:
        """Type the setting as `Secret`, with `development_secret("name")` as its default: it is
        refused in production, short and placeholder values likewise.
        """
        settings = type(subject.app.platform.settings)
        weak = {
            name: field.default
            for name, field in settings.model_fields.items()
            if isinstance(field.default, Secret)
        }
        complained = _complaints(settings.__pydantic_validator__.validate_python, weak)
        for name in sorted(weak.keys() - complained):
            yield Finding(name.upper(), "keeps its development default in production")


def _complaints(validate: Any, values: dict[str, Secret]) -> set[str]:
    try:
        validate({"environment": Environment.PRODUCTION, **values})
    except ValidationError as error:
        return {str(item["loc"][0]) for item in error.errors(include_input=False)}
    return set()
