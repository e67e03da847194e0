"""The bodies of requests and responses."""

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
EventTypes = Annotated[
    list[EventType], Field(max_length=50, description="An empty list means all types.")
]
Key = Annotated[
    PlainText,
    Field(
        min_length=1,
        max_length=200,
        description="Your unique key of the event. A second event with it is not delivered again.",
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewEndpoint(_Body):
    """A URL for deliveries of events."""

    url: Target
    description: Description = ""
    event_types: EventTypes = []
    enabled: StrictBool = True


class EndpointChange(_Body):
    """The fields of an endpoint to change. Fields that are left out stay the same."""

    url: Target | None = None
    description: Description | None = None
    event_types: EventTypes | None = None
    enabled: StrictBool | None = None


class NewEvent(_Body):
    """An event to deliver."""

    type: EventType
    data: JsonObject
    key: Key | None = None


class NewEvents(_Body):
    """Several events: all of them are accepted, or none."""

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
    """An endpoint with the secret that signs its deliveries. It cannot be read again."""

    secret: str


class EventView(_View):
    """An accepted event."""

    type: str
    key: str | None


class EventsView(BaseModel):
    """Accepted events, in the order of the request."""

    items: list[EventView]


class AttemptView(BaseModel):
    """One attempt: the status of the response, or the error if there was no response."""

    at: datetime
    status: int | None
    error: str | None
    duration_ms: int


class DeliveryView(_View):
    """The delivery of one event to one endpoint."""

    endpoint_id: UUID
    url: str = Field(validation_alias=AliasPath("endpoint", "url"))
    event_id: UUID
    event_type: str = Field(validation_alias=AliasPath("event", "type"))
    state: State
    tries: int
    due_at: datetime


class DeliveryDetails(DeliveryView):
    """A delivery with its attempts, oldest first, and the body that is sent."""

    attempts: list[AttemptView]
    body: Any = Field(validation_alias=AliasPath("event", "body"))


class DeliveryFilter(Filter):
    """The filters of the delivery log."""

    endpoint_id: UUID | None = None
    event_id: UUID | None = None
    state: State | None = None


class Replayed(BaseModel):
    """The number of deliveries that are sent again."""

    replayed: int
