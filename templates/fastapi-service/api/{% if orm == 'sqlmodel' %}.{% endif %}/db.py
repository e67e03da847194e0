"""The base class of all models."""

from chassis.fastapi.data.db import NAMING_CONVENTION
from sqlalchemy import MetaData
from sqlmodel import SQLModel


class Base(SQLModel):
    """A subclass with `table=True` is a table. `just migration api "…"` writes its migration."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
