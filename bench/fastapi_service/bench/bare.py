"""The same endpoints on FastAPI alone: no identifiers, log, metrics or authentication."""

import os
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from api.bench.endpoints import HELLO, Greeting, Item, Row, RowView

app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})
router = APIRouter(prefix="/bench")
engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"),
    pool_size=10,
    max_overflow=0,
    pool_pre_ping=True,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    """Yield a session in a transaction."""
    async with sessions() as session, session.begin():
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]


@router.get("/hello")
async def hello() -> Greeting:
    """Answer every caller."""
    return HELLO


@router.get("/things/{thing_id}")
async def get_thing(thing_id: int) -> Greeting:
    """Answer every caller."""
    return Greeting(message="hello", n=thing_id)


@router.get("/rows/{row_id}")
async def get_row(row_id: int, session: Session) -> RowView:
    """Read one row by its key."""
    return RowView.model_validate(await session.get_one(Row, row_id))


@router.post("/items", status_code=201)
async def add_item(item: Item) -> Item:
    """Validate a body."""
    return item


app.include_router(router)
