"""What crosses the wire."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from chassis.fastapi.data.fields import HttpAddress, JsonObject, PlainText
from chassis.fastapi.data.filters import Filter
from chassis.webhooks.delivery import State
from pydantic import AfterValidator, AliasPath, AnyUrl, BaseModel, ConfigDict, Field, StrictBool

from api.webhooks.settings import settings


def _check_target(url: AnyUrl) -> AnyUrl:
    if reason := settings.reason_against(str(url)):
        raise ValueError(f"the address {reason}")
    return url


Target = Annotated[HttpAddress, AfterValidator(_check_target)]
Description = Annotated[PlainText, Field(max_length=200)]
EventType = Annotated[
    str,
    Field(max_length=100, pattern=r"^[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*$", examples=["order.paid"]),
]
EventTypes = Annotated[list[EventType], Field(max_length=50, description="None means all.")]
Key = Annotated[
    PlainText,
    Field(
        min_length=1,
        max_length=200,
        description="Yours, unique: sent again, it names the same event and does nothing.",
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewEndpoint(_Body):
    """An address to deliver events to."""

    url: Target
    description: Description = ""
    event_types: EventTypes = []
    enabled: StrictBool = True


class EndpointChange(_Body):
    """What to change about an endpoint; whatever is left out stays."""

    url: Target | None = None
    description: Description | None = None
    event_types: EventTypes | None = None
    enabled: StrictBool | None = None


class NewEvent(_Body):
    """Something that happened."""

    type: EventType
    data: JsonObject
    key: Key | None = None


class NewEvents(_Body):
    """Several events, accepted together or not at all."""

    events: Annotated[list[NewEvent], Field(min_length=1, max_length=100)]


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    created_at: datetime


class EndpointView(_View):
    """A registered endpoint."""

    url: str
    description: str
    event_types: list[str]
    enabled: bool


class EndpointSecret(EndpointView):
    """An endpoint with the secret that signs its deliveries, shown this once."""

    secret: str


class EventView(_View):
    """An accepted event."""

    type: str
    key: str | None


class EventsView(BaseModel):
    """Accepted events, in the order in which they were sent."""

    items: list[EventView]


class AttemptView(BaseModel):
    """One try: a status, or why there is none."""

    at: datetime
    status: int | None
    error: str | None
    duration_ms: int


class DeliveryView(_View):
    """An event on its way to an endpoint."""

    endpoint_id: UUID
    url: str = Field(validation_alias=AliasPath("endpoint", "url"))
    event_id: UUID
    event_type: str = Field(validation_alias=AliasPath("event", "type"))
    state: State
    tries: int
    due_at: datetime


class DeliveryDetails(DeliveryView):
    """A delivery with what was tried, oldest first, and what is sent."""

    attempts: list[AttemptView]
    body: Any = Field(validation_alias=AliasPath("event", "body"))


class DeliveryFilter(Filter):
    """What the log may be narrowed by."""

    endpoint_id: UUID | None = None
    event_id: UUID | None = None
    state: State | None = None


class Replayed(BaseModel):
    """How many deliveries are due again."""

    replayed: int
