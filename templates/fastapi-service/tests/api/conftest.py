"""The platform's fixtures for all tests of the API: a database, the application, a caller."""

from chassis.fastapi.testing import (
    api_database,
    app,
    bearer,
    client,
    committed_db,
    connection,
    database_server,
    outbox,
    roadbed_service,
    run_jobs,
    session,
    signing_key,
)

__all__ = [
    "api_database",
    "app",
    "bearer",
    "client",
    "committed_db",
    "connection",
    "database_server",
    "outbox",
    "roadbed_service",
    "run_jobs",
    "session",
    "signing_key",
]
