"""Alembic runs this file. The chassis migrates the platform's schema, then each domain's branch."""

from chassis.fastapi.data import migrations

from api.db import Base
from api.settings import Settings

migrations.run(Base.metadata, Settings)
