"""The models that both sides serve."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Greeting(BaseModel):
    """A small answer."""

    message: str
    n: int


class Item(BaseModel):
    """A body to validate."""

    name: str = Field(min_length=1, max_length=100)
    price: float = Field(ge=0)
    tags: list[str] = Field(default_factory=list, max_length=10)


class Base(DeclarativeBase):
    """The base of models that have no migration."""


class Row(Base):
    """One row of the table that the benchmark creates."""

    __tablename__ = "bench_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class RowView(BaseModel):
    """A row as the API returns it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    created: datetime


HELLO = Greeting(message="hello", n=1)
