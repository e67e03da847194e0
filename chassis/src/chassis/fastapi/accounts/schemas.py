"""Bodies of the requests and responses under `/v1/auth`."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Email = Annotated[str, Field(min_length=3, max_length=254, pattern=r"^[^\x00]*$")]
Password = Annotated[SecretStr, Field(min_length=1, max_length=256)]
Token = Annotated[SecretStr, Field(min_length=1, max_length=200)]


class _Body(BaseModel):
    # a misspelled field is reported, and a form with a thousand of them is refused
    model_config = ConfigDict(extra="forbid")


class Credentials(_Body):
    """An email address and a password."""

    email: Email
    password: Password


class Address(_Body):
    """Where a mail shall go: in ASCII, which every mail server takes."""

    email: str = Field(max_length=254, pattern=r"^[!-?A-~]+@[!-?A-~]+$")


class Redemption(_Body):
    """A mailed token, and the password that its reader chose."""

    token: Token
    password: Password = Field(description="12 to 256 characters, any of them.")


class NewPassword(_Body):
    """Another password."""

    current: Password
    new: Password = Field(description="12 to 256 characters, any of them.")


class RefreshTokenBody(_Body):
    """The token that keeps a session alive."""

    refresh_token: Token


class AccessToken(BaseModel):
    """A token for `Authorization: Bearer` (RFC 6750), and the one that gets the next."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind of token
    expires_in: int = Field(description="Seconds until a new one is needed.")
    refresh_token: str = Field(
        description="For POST /v1/auth/refresh, once; the answer brings its successor. Sent again "
        "within ten seconds it gets the same one; later, the session ends."
    )


class SessionView(BaseModel):
    """One session of an account."""

    id: UUID
    device: str = Field(description="The User-Agent of the client.")
    created_at: datetime
    used_at: datetime
    ends_at: datetime
    current: bool = Field(description="Whether this very request belongs to it.")


class Sessions(BaseModel):
    """All live sessions, the last used first: at most fifty."""

    items: Annotated[list[SessionView], Field(max_length=50)]
