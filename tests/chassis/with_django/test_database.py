"""The database address and what `migrate` brings along."""

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection

from chassis import schema
from chassis.django.database import database
from chassis.environment import SettingsError


def test_address_becomes_an_entry() -> None:
    """Every part of the address lands where Django looks for it."""
    entry = database("postgresql://web:p%40ss@db.example:6543/orders?sslmode=verify-full")
    assert entry["NAME"] == "orders"
    assert (entry["USER"], entry["PASSWORD"]) == ("web", "p@ss")
    assert (entry["HOST"], entry["PORT"]) == ("db.example", "6543")
    assert entry["OPTIONS"]["sslmode"] == "verify-full"


def test_socket_of_the_development_server_is_understood() -> None:
    """The host may be a folder, given as a parameter."""
    entry = database("postgresql://web@/web?host=/run/pg&port=5432")
    assert (entry["HOST"], entry["PORT"]) == ("/run/pg", "5432")


def test_unreadable_address_is_explained_without_it() -> None:
    """The sentence names the variable and never the password."""
    with pytest.raises(SettingsError, match="DATABASE_URL: cannot be read") as refusal:
        database("postgresql://web:hunter2@db/web?nonsense=1")
    assert "hunter2" not in str(refusal.value)


@pytest.mark.django_db
def test_connection_has_limits() -> None:
    """A statement is canceled after 30 s, waiting for a lock after 10 s."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"
        )
        assert cursor.fetchone() == ("30s", "10s")


@pytest.mark.django_db
def test_test_database_has_the_platform_schema() -> None:
    """`migrate` brings the platform's schema, in the test database as everywhere."""
    assert schema.current(connection.connection) == schema.HEAD


@pytest.mark.django_db(transaction=True)
def test_migrate_brings_schema_and_cache_back() -> None:
    """A database without them gets both by the next `migrate`."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA platform CASCADE; DROP TABLE django_cache")
    call_command("migrate", verbosity=0)
    assert schema.current(connection.connection) == schema.HEAD
    cache.set("key", "value")
    assert cache.get("key") == "value"
