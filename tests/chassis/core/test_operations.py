"""What operators do: look at the queue, back up and restore."""

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.types.json import Json

from chassis import schema
from chassis.__main__ import main
from chassis.service import Service
from conftest import make_service

JOB = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES
    (%s, %s, '{"arguments": {"who": "7"}, "carried": {}}') RETURNING id
"""


@dataclass(frozen=True)
class Done:
    """How a verb ended and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


type Run = Callable[..., Done]


@pytest.fixture
def connection(database: str) -> Iterator[Connection[Any]]:
    """Connect to a migrated database."""
    with psycopg.connect(database, autocommit=True) as connected:
        schema.migrate(connected)
        yield connected


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """Give a service whose Alembic has nothing to do."""
    made = make_service(tmp_path / "service", "api")
    (made.root / "alembic.py").touch()
    return made


@pytest.fixture
def run(
    service: Service,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    """Give what does one verb, in this process, which is faster."""
    monkeypatch.chdir(service.root)
    monkeypatch.setenv("DATABASE_URL", database)
    before = signal.getsignal(signal.SIGTERM)

    def do(*arguments: str, **environment: str) -> Done:
        with monkeypatch.context() as ours:
            for name, value in environment.items():
                ours.setenv(name, value)
            code = main(list(arguments))
        return Done(code, *capfd.readouterr())

    yield do
    signal.signal(signal.SIGTERM, before)


def add(connection: Connection[Any], *, dead: bool = False, task: str = "api.orders.bill") -> int:
    """Enqueue a job and return its number."""
    row = connection.execute(JOB, ["default", task]).fetchone()
    assert row
    number: int = row[0]
    if dead:
        connection.execute("SELECT procrastinate_finish_job_v1(%s, 'failed', false)", [number])
    return number


def status(connection: Connection[Any], number: int) -> str:
    """Return how a job stands."""
    query = "SELECT status FROM procrastinate_jobs WHERE id = %s"
    row = connection.execute(query, [number]).fetchone()
    assert row
    return str(row[0])


def test_overview_counts_each_queue(run: Run, connection: Connection[Any]) -> None:
    """One line a queue, no wider than a terminal, and the same for machines."""
    add(connection)
    add(connection, dead=True)
    done = run("jobs")
    assert done.returncode == 0, done.stderr
    heading, line, workers = done.stdout.splitlines()
    assert line.split()[:5] == ["default", "1", "0", "0", "1"]
    assert (max(map(len, (heading, line))) <= 80, workers) == (True, "No worker is alive.")
    found = json.loads(run("jobs", "--json").stdout)
    assert found["queues"][0]["dead"] == 1


def test_dead_letters_are_listed_shown_and_retried(run: Run, connection: Connection[Any]) -> None:
    """A retried job starts again and is no longer dead; another job is refused."""
    number = add(connection, dead=True)
    waiting = add(connection)
    assert str(number) in run("jobs", "dead").stdout
    shown = json.loads(run("jobs", "show", str(number), "--json").stdout)
    assert (shown["status"], shown["arguments"]) == ("failed", {"who": "7"})
    assert shown["history"][0]["event"] == "deferred"
    assert run("jobs", "retry", str(number)).returncode == 0
    assert status(connection, number) == "todo"
    refused = run("jobs", "retry", str(waiting))
    assert (refused.returncode, "todo, not a dead letter" in refused.stderr) == (1, True)


def test_web_half_has_a_queue_too(run: Run, connection: Connection[Any], service: Service) -> None:
    """Where there is no API it is the one that is meant; else it is named."""
    add(connection, dead=True)
    assert run("jobs", "--half", "web").stderr == "This service has no web half.\n"
    (service.root / "api").rename(service.root / "web")
    done = run("jobs")
    assert (done.returncode, done.stdout.splitlines()[1].split()[0]) == (0, "default")


def test_everything_fits_into_a_terminal(run: Run, connection: Connection[Any]) -> None:
    """Long names are cut, what a job carries is wrapped, and no id in it is broken."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    number = add(connection, dead=True, task=f"api.{'orders.' * 7}bill")
    kept = Json({"carried": {"traceparent": trace, "x-request-id": "0cbb81a6cf661f9f1869e20ae"}})
    connection.execute("UPDATE procrastinate_jobs SET args = %s", [kept])
    said = [run("jobs", *rest).stdout for rest in ((), ("dead",), ("show", str(number)))]
    assert max(len(line) for text in said for line in text.splitlines()) <= 80
    assert trace in said[2]


def test_all_dead_letters_of_a_task_are_retried(run: Run, connection: Connection[Any]) -> None:
    """Those of other tasks stay dead."""
    bills = [add(connection, dead=True) for _ in range(3)]
    other = add(connection, dead=True, task="api.orders.ship")
    done = run("jobs", "--json", "retry", "--all-dead", "--task", "api.orders.bill")
    assert json.loads(done.stdout) == {"retried": bills}
    assert status(connection, other) == "failed"


def test_jobs_are_cancelled_and_dead_letters_dismissed(
    run: Run, connection: Connection[Any]
) -> None:
    """Both are over then; a job that is over, or none, is an error."""
    waiting, dead = add(connection), add(connection, dead=True)
    for number in (waiting, dead):
        assert run("jobs", "cancel", str(number)).returncode == 0
        assert status(connection, number) == "cancelled"
    assert "cancelled already" in run("jobs", "cancel", str(dead)).stderr
    assert run("jobs", "cancel", "4711").stderr.startswith("There is no job 4711")


def test_mistakes_are_one_sentence(run: Run, database: str) -> None:
    """A database without a queue or without an answer."""
    assert run("jobs").stderr == "The database has no queue: run `just migrate` first.\n"
    away = run("jobs", DATABASE_URL="postgresql://a:secret@127.0.0.1:9/a")
    assert (away.returncode, away.stderr.count("\n")) == (1, 1)
    assert "secret" not in away.stderr


def contents(connection: Connection[Any]) -> dict[str, list[Any]]:
    """Return every row of every table, and where every sequence stands."""
    tables = connection.execute(
        "SELECT schemaname, tablename FROM pg_tables "
        "WHERE schemaname IN ('public', 'platform') ORDER BY 1, 2"
    ).fetchall()
    rows = sql.SQL("SELECT t::text FROM {} t ORDER BY 1")
    found = {
        ".".join(name): connection.execute(rows.format(sql.Identifier(*name))).fetchall()
        for name in tables
    }
    sequences = "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2"
    return found | {"sequences": connection.execute(sequences).fetchall()}


def test_restore_drill(run: Run, connection: Connection[Any], tmp_path: Path) -> None:
    """What was backed up, the platform's schema included, is there again after a restore."""
    connection.execute("CREATE TABLE public.orders (id serial PRIMARY KEY, note text)")
    connection.execute("INSERT INTO public.orders (note) VALUES ('first'), ('zweite: ä')")
    connection.execute(
        "INSERT INTO account (email, password_hash, tenant) "
        "VALUES ('ada@example.org', 'x', gen_random_uuid())"
    )
    add(connection)
    add(connection, dead=True)
    before = contents(connection)
    file = tmp_path / "backup"
    assert run("backup", str(file)).returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600
    connection.execute("INSERT INTO public.orders (note) VALUES ('lost')")
    connection.execute("CREATE TABLE public.later ()")
    refused = run("restore", str(file))
    assert (refused.returncode, "is not empty" in refused.stderr) == (1, True)
    assert "--yes" in run("restore", str(file), "--replace").stderr
    assert len(contents(connection)["public.orders"]) == 3
    done = run("restore", str(file), "--replace", "--yes")
    assert done.returncode == 0, done.stderr
    assert contents(connection) == before
    again = tmp_path / "again"
    assert run("backup", str(again)).returncode == 0
    with psycopg.connect(connection.info.dsn) as later:
        later.execute("SELECT 1 FROM procrastinate_jobs")


def test_restore_drops_nothing_for_a_broken_backup(
    run: Run, connection: Connection[Any], tmp_path: Path
) -> None:
    """A file that was cut off, or is no backup at all, is refused while everything is there."""
    connection.execute("CREATE TABLE public.orders AS SELECT generate_series(1, 1000) AS n")
    before = contents(connection)
    whole, cut, other = (tmp_path / name for name in ("whole", "cut", "other"))
    assert run("backup", str(whole)).returncode == 0
    cut.write_bytes(whole.read_bytes()[:-500])
    other.write_text("no backup")
    for file in (cut, other):
        done = run("restore", str(file), "--replace", "--yes")
        assert (done.returncode, "nothing was changed" in done.stderr) == (1, True)
        assert contents(connection) == before


def test_backup_never_overwrites(run: Run, connection: Connection[Any], tmp_path: Path) -> None:
    """A file that exists is left alone."""
    (tmp_path / "backup").write_text("older")
    assert "exists: name another file" in run("backup", str(tmp_path / "backup")).stderr
    assert (tmp_path / "backup").read_text() == "older"


def test_production_says_which_programs_it_needs(
    run: Run, connection: Connection[Any], tmp_path: Path
) -> None:
    """The image has no pg_dump, and the development server's is not looked for."""
    done = run("backup", str(tmp_path / "b"), ENVIRONMENT="production", PATH=str(tmp_path))
    assert (done.returncode, "pg_dump was not found" in done.stderr) == (1, True)
    assert not (tmp_path / "b").exists()
