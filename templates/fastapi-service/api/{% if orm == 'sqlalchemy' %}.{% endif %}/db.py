"""The base class of all models."""

from chassis.fastapi.data.db import NAMING_CONVENTION
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """A subclass declares a table. `just migration api "…"` writes its migration."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
