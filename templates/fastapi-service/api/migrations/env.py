"""Run by Alembic. The chassis does the rest: platform schema first, then every domain's branch."""

from chassis.fastapi.data import migrations

from api.db import Base
from api.settings import Settings

migrations.run(Base.metadata, Settings)
