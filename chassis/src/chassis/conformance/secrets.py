"""Secrets whose development value production would accept."""

from pydantic import ValidationError

from chassis.environment import Environment
from chassis.settings import Secret, ServiceSettings


def kept_defaults(settings: type[ServiceSettings]) -> list[str]:
    """Return the names of secret settings that accept their own default in production."""
    weak = {
        name: field.default
        for name, field in settings.model_fields.items()
        if isinstance(field.default, Secret)
    }
    return sorted(weak.keys() - _complaints(settings, weak))


def _complaints(settings: type[ServiceSettings], values: dict[str, Secret]) -> set[str]:
    try:
        settings.__pydantic_validator__.validate_python(
            {"environment": Environment.PRODUCTION, **values}
        )
    except ValidationError as error:
        return {str(item["loc"][0]) for item in error.errors(include_input=False)}
    return set()
