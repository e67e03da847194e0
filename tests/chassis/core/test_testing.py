"""Databases of tests."""

import os

import psycopg
import pytest

from chassis import schema, testing
from chassis.service import Service
from chassis.testing import NotATestDatabaseError


@pytest.fixture
def url(database_server: None, roadbed_service: Service) -> str:
    """Give the address of the service's own database."""
    return testing.address(roadbed_service, "api")


def test_a_database_is_made_and_removed(url: str) -> None:
    """A test gets an empty database of its own, and leaves nothing."""
    with testing.database(url) as made:
        testing.check(made)
        with psycopg.connect(made) as connection:
            connection.execute("CREATE TABLE t ()")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(made)


def test_an_older_one_of_that_name_is_replaced(url: str) -> None:
    """A run that was killed does not spoil the next."""
    made = testing.create_database(url, "test_again")
    with psycopg.connect(made, autocommit=True) as still_connected:
        still_connected.execute("CREATE TABLE t ()")
        assert testing.create_database(url, "test_again") == made
    with psycopg.connect(made) as connection:
        assert connection.execute("SELECT to_regclass('t')").fetchone() == (None,)
    testing.drop_database(made)


def test_a_clone_has_everything_and_changes_nothing(url: str) -> None:
    """Tables, rows and the search path are there; what is written stays in the clone."""
    with testing.database(url) as original:
        with psycopg.connect(original) as connection:
            schema.migrate(connection)
            connection.execute("CREATE TABLE t AS SELECT 1 AS value")
        with testing.clone(original) as copy, psycopg.connect(copy) as connection:
            connection.execute("SELECT 1 FROM account")
            connection.execute("UPDATE t SET value = 2")
        with psycopg.connect(original) as connection:
            assert connection.execute("SELECT value FROM t").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(copy)
    with pytest.raises(NotATestDatabaseError), testing.clone(url):
        pass


@pytest.mark.parametrize("name", ["api", "production", "mytest_db", "Test_x", ""])
def test_a_database_that_is_not_for_tests_is_refused(url: str, name: str) -> None:
    """Nothing that a test does may empty a database that people use."""
    with pytest.raises(NotATestDatabaseError, match="is not for tests"):
        testing.drop_database(testing.renamed(url, name))
    with pytest.raises(NotATestDatabaseError, match="is not for tests"):
        testing.create_database(url, name)
    with pytest.raises(NotATestDatabaseError, match="is not for tests"):
        testing.check(testing.renamed("postgresql://u:p@h:1/x?sslmode=require", name))


def test_the_refusal_shows_no_password() -> None:
    """The address in the error is the name alone."""
    with pytest.raises(NotATestDatabaseError) as caught:
        testing.check("postgresql://u:hunter2@h/production")
    assert "hunter2" not in str(caught.value)


def test_the_process_is_a_test() -> None:
    """The plugin says so before anybody reads settings."""
    assert os.environ["ENVIRONMENT"] == "test"
