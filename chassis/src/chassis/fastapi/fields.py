"""Field types for schemas: text that PostgreSQL can keep and addresses that may be called."""

from typing import Annotated

from pydantic import AfterValidator, AnyUrl, StringConstraints, UrlConstraints

_LONGEST_ADDRESS = 2048

# JSON may carry NUL, which PostgreSQL refuses: without this that is a crash
PlainText = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]


def _refuse_credentials(value: AnyUrl) -> AnyUrl:
    if value.username is not None or value.password is not None:
        raise ValueError("an address may not carry a user name or password")
    return value


HttpsAddress = Annotated[
    AnyUrl,
    UrlConstraints(max_length=_LONGEST_ADDRESS, allowed_schemes=["https"], host_required=True),
    AfterValidator(_refuse_credentials),
]
"""An https URL. Whether it may be *called* is decided at that moment, on the resolved address."""
