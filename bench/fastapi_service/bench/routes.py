"""The measured endpoints as a team writes them: one public, the others behind a permission."""

from chassis.fastapi.security.permissions import public, requires
from chassis.fastapi.data.db import Session
from fastapi import APIRouter, Depends

from api.bench.endpoints import HELLO, Greeting, Item, Row, RowView

router = APIRouter(prefix="/bench", tags=["bench"])
read = Depends(requires("bench:read"))
write = Depends(requires("bench:write"))


@router.get("/hello", dependencies=[Depends(public)])
async def hello() -> Greeting:
    """Answer every caller."""
    return HELLO


@router.get("/things/{thing_id}", dependencies=[read])
async def get_thing(thing_id: int) -> Greeting:
    """Answer callers with the permission to read."""
    return Greeting(message="hello", n=thing_id)


@router.get("/rows/{row_id}", dependencies=[read])
async def get_row(row_id: int, session: Session) -> RowView:
    """Read one row by its key."""
    return RowView.model_validate(await session.get_one(Row, row_id))


@router.post("/items", status_code=201, dependencies=[write])
async def add_item(item: Item) -> Item:
    """Validate a body."""
    return item
