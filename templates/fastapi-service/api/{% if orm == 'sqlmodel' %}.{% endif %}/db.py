"""What every model derives from."""

from chassis.fastapi.data.db import NAMING_CONVENTION
from sqlalchemy import MetaData
from sqlmodel import SQLModel


class Base(SQLModel):
    """Declares a table in a subclass with `table=True`; `just migration api "…"` migrates it."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
