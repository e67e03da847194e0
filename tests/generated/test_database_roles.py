"""Three roles for each half, made by the script of compose: who owns, who migrates, who works."""

import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.generated.conftest import Project
from tests.generated.serving import SERVE, SERVE_WEB, background, free_port, wait_until_ready

WEB_WORKER = ("python", "manage.py", "worker")
WORKER = ("python", "-m", "chassis", "worker")
SCHEDULER = ("python", "-m", "chassis", "scheduler")
_CLUSTER = (
    "from pathlib import Path; from chassis import devdb; "
    "from chassis.devdb.place import place; here = place(Path('{checkout}')); "
    "cluster = devdb.Cluster(here); cluster.{do}; print(here.sockets, devdb.programs(), sep='\\n')"
)
_PASSWORDS = {
    f"{half}_{role}_PASSWORD": "of-a-test"
    for half in ("API", "WEB")
    for role in ("DATABASE", "MIGRATOR")
}


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of its own, as compose makes it: its socket's folder, its client programs."""

    sockets: str
    programs: Path

    def variables(self, suffix: str = "") -> dict[str, str]:
        """The addresses of both halves' databases, for the roles with this suffix."""
        return {
            f"{half.upper()}_DATABASE_URL": f"postgresql://{half}{suffix}@/{half}?host={self.sockets}"
            for half in ("web", "api")
        }

    def ask(self, role: str, database: str, statement: str) -> str:
        """Run one statement as a role; give what psql says, an error too."""
        psql = str(self.programs / "psql")
        command = [psql, "-X", "-At", "-h", self.sockets, "-U", role, database]
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [*command, "-c", statement], capture_output=True, text=True, check=False, timeout=60
        )
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[Server]:
    """The server, with the roles that deploy/compose/databases.sh makes, and both schemas made by
    the migrators."""
    if project.plan != "hybrid":
        pytest.skip("the hybrid has both halves, and the same script")
    checkout = f"/roles/{uuid.uuid4().hex}"  # a name for the place of its data, nothing more
    start = _CLUSTER.format(checkout=checkout, do="start([])")
    sockets, programs = project.run(f'uv run python -c "{start}"').splitlines()[-2:]
    try:
        subprocess.run(
            ["sh", project.path / "deploy/compose/databases.sh"],
            env=_PASSWORDS | {"PGHOST": sockets, "PATH": f"{programs}:{os.environ['PATH']}"},
            check=True,
            timeout=60,
        )
        made = Server(sockets, Path(programs))
        project.run(
            "uv run python -m chassis migrate",
            environment={"ENVIRONMENT": "development"} | made.variables("_migrator"),
        )
        yield made
    finally:
        stop = _CLUSTER.format(checkout=checkout, do="stop()")
        project.run(f'uv run python -c "{stop}"')


def test_a_service_works_as_the_role_of_its_servers(project: Project, server: Server) -> None:
    """Both halves start and are ready, people and requests are written, the trail is added to."""
    variables = {"ENVIRONMENT": "development", "DEMO_PASSWORD": "given here"} | server.variables()
    project.run("uv run python manage.py demo_data", environment=variables)
    assert int(server.ask("web", "web", "SELECT count(*) FROM platform.audit_event")) > 0
    servers: tuple[tuple[str, ...], ...] = (SERVE_WEB, SERVE)
    for command in servers:
        port = str(free_port())
        with background(project, *command, port, **variables) as running:
            wait_until_ready(f"http://127.0.0.1:{port}/readyz", running)
    for command in (WEB_WORKER, WORKER, SCHEDULER):
        probe = str(free_port())
        with background(project, *command, PROBE_PORT=probe, **variables) as running:
            wait_until_ready(f"http://127.0.0.1:{probe}/livez", running)
        assert "permission denied" not in running.printed()


REFUSED = {
    "edits the trail": ("web", "web", "UPDATE platform.audit_event SET actor = 'somebody'"),
    "empties the trail": ("web", "web", "DELETE FROM platform.audit_event"),
    "truncates the trail": ("web", "web", "TRUNCATE platform.audit_event"),
    "takes the trail's guard away": (
        "web",
        "web",
        "DROP TRIGGER audit_event_append_only ON platform.audit_event",
    ),
    "claims another version": ("web", "web", "DELETE FROM platform.schema_version"),
    "makes a table": ("web", "web", "CREATE TABLE mine (id integer)"),
    "makes a platform's table": ("web", "web", "CREATE TABLE platform.mine (id integer)"),
    "changes a table": ("web", "web", "ALTER TABLE accounts_user ADD COLUMN mine integer"),
    "drops a table": ("web", "web", "DROP TABLE django_session"),
    "becomes the owner": ("web", "web", "SET ROLE web_owner"),
    "opens the other half's database": ("web", "api", "SELECT 1"),
    "migrates the other half": ("web_migrator", "api", "SELECT 1"),
    "opens the first half's database": ("api", "web", "SELECT 1"),
    "makes a table of the API": ("api", "api", "CREATE TABLE mine (id integer)"),
    "edits the API's trail": ("api", "api", "DELETE FROM platform.audit_event"),
}


@pytest.mark.parametrize("who", REFUSED)
def test_what_a_server_may_not(server: Server, who: str) -> None:
    """Whoever takes over a server cannot cover their tracks, change tables or reach elsewhere."""
    told = server.ask(*REFUSED[who])
    assert "permission denied" in told or "must be owner" in told, told


def test_tables_belong_to_somebody_who_cannot_sign_in(server: Server) -> None:
    """The migrator acts as the owner, so that the next migrator can change what this one made."""
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('public', 'platform')"
    for half in ("web", "api"):
        assert f"{half}_owner" == server.ask(f"{half}_migrator", half, owners).strip()
        assert "not permitted to log in" in server.ask(f"{half}_owner", half, "SELECT 1")


def test_a_restored_backup_has_the_same_rights(
    project: Project, server: Server, tmp_path: Path
) -> None:
    """A backup carries no rights: restoring grants them again, the trail's included."""
    file = tmp_path / "web.dump"
    before = server.ask("web", "web", "SELECT count(*) FROM platform.audit_event")
    variables = {"ENVIRONMENT": "development"} | server.variables("_migrator")
    for verb in (f"backup {file}", f"restore {file} --replace --yes"):
        project.run(f"uv run python -m chassis {verb} --half web", environment=variables)
    assert before == server.ask("web", "web", "SELECT count(*) FROM platform.audit_event")
    for who, statement in REFUSED.items():
        told = server.ask(*statement)
        assert "permission denied" in told or "must be owner" in told, (who, told)
