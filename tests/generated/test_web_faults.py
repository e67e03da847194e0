"""The database goes away while people and programs are at work: nothing is lost or restarted."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from uuid import uuid4

import pytest

from tests.generated.conftest import Project
from tests.generated.producing import wait_for
from tests.generated.serving import SERVE_WEB, ask, background, free_port, wait_until_ready

PRODUCERS, READERS = 4, 2
_PAUSE = 0.05
_UP = "the database is up"
_WAIT = f"import time; print('{_UP}', flush=True); time.sleep(600)"
_WITH_DB = ("python", "-m", "chassis", "with-db", "web", "python", "-c", _WAIT)
_CLUSTER = (
    "from pathlib import Path; from chassis.devdb.cluster import Cluster; "
    "from chassis.devdb.place import place; cluster = Cluster(place(Path.cwd())); cluster.{do}"
)
_SIGN_IN = (
    "from datetime import timedelta; from django.test import Client; "
    "from chassis.django.api import tokens; from web.accounts.models import User; "
    "from web.tenancy import settle, tenant_of; "
    "from web.approvals.permissions import CREATE, READ; "
    "user = User.objects.create_superuser('faults@example.com'); settle('Faults', [user]); "
    "user.is_staff = False; user.save(); browser = Client(); browser.force_login(user); "
    "_, key = tokens.create_key(user, tenant=tenant_of(user), name='faults', "
    "permissions=[CREATE, READ], lifetime=timedelta(days=1)); "
    "print(key, browser.cookies['sessionid'].value)"
)
_TITLES = (
    "import json; from web.approvals.models import ApprovalRequest; "
    "print(json.dumps(list(ApprovalRequest.objects.filter(title__startswith='{run}')"
    ".values_list('title', flat=True))))"
)


@pytest.fixture
def service(project: Project) -> Project:
    """The web half alone; the hybrid's is the same code."""
    if project.plan != "django-monolith":
        pytest.skip("one web half is enough; that of django-monolith is it")
    return project


@dataclass
class Load:
    """Programs that file each request until it is accepted, and people who read the list.

    `written` and `read` count every status, None standing for a connection that broke; `refusals`
    are the headers and bodies of what was a 503.
    """

    url: str
    key: str
    session: str
    run: str = field(default_factory=lambda: uuid4().hex)
    accepted: list[str] = field(default_factory=list)
    written: Counter[int | None] = field(default_factory=Counter)
    read: Counter[int | None] = field(default_factory=Counter)
    refusals: list[tuple[Message, str]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def produce(self, name: int) -> None:
        """File requests, each with its key, one after the other."""
        number = 0
        while not self.stop.is_set():
            title = f"{self.run}-{name}-{number}"
            body = {"title": title, "amount": "39.90", "purpose": "It is dark here in winter."}
            headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": title}
            while self._ask(self.written, "/api/approvals/", headers, body) != 201:
                time.sleep(_PAUSE)
            self.accepted.append(title)
            number += 1

    def look(self) -> None:
        """Open the list again and again."""
        while not self.stop.is_set():
            headers = {"Cookie": f"sessionid={self.session}", "Accept": "text/html"}
            self._ask(self.read, "/approvals/", headers)
            time.sleep(_PAUSE)

    def _ask(
        self,
        counter: Counter[int | None],
        path: str,
        headers: dict[str, str],
        body: object = None,
    ) -> int | None:
        data = None if body is None else json.dumps(body).encode()
        kind = {} if body is None else {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", data, headers | kind)
        status: int | None = None
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
            self.refusals.append((error.headers, error.read().decode()))
        except OSError:
            pass
        counter[status] += 1
        return status


@contextmanager
def at_work(load: Load) -> Iterator[None]:
    """Keep them busy meanwhile."""
    makers = [
        threading.Thread(target=load.produce, args=[name], daemon=True) for name in range(PRODUCERS)
    ]
    readers = [threading.Thread(target=load.look, daemon=True) for _ in range(READERS)]
    for thread in (*makers, *readers):
        thread.start()
    try:
        yield
    finally:
        load.stop.set()
        for thread in (*makers, *readers):
            thread.join(60)


def test_a_database_that_goes_away_loses_nothing(service: Project) -> None:
    """Pages and API say 503 and when to come again, the process stays alive, and afterwards all
    that was accepted is there once, without a restart."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    more = {"API_REQUESTS_PER_MINUTE": "1000000", "LOG_FORMAT": "json"}
    shell = "uv run python manage.py shell -v0 -c"
    here = {"ENVIRONMENT": "development"}
    with background(service, *_WITH_DB) as keeper:
        wait_for(lambda: _UP in keeper.printed())
        key, session = service.run(f'{shell} "{_SIGN_IN}"', environment=here).split()[-2:]
        with background(service, *SERVE_WEB, port, **more) as server:
            wait_until_ready(f"{url}/readyz", server)
            load = Load(url, key, session)
            with at_work(load):
                wait_for(lambda: len(load.accepted) >= 30 and load.read[200] >= 5)
                service.run(f'uv run python -c "{_CLUSTER.format(do="stop()")}"')
                wait_for(lambda: load.written[503] >= 10 and load.read[503] >= 3)
                assert ask(f"{url}/livez")[0] == 200
                start = _CLUSTER.format(do="start(['web'])")
                service.run(f'uv run python -c "{start}"')
                before, seen = len(load.accepted), load.read[200]
                wait_for(lambda: len(load.accepted) >= before + 30 and load.read[200] > seen)
        code = _TITLES.format(run=load.run)
        stored = json.loads(service.run(f'{shell} "{code}"', environment=here).splitlines()[-1])

    assert {201, 503} == load.written.keys()
    assert {200, 503} == load.read.keys()
    assert sorted(load.accepted) == sorted(stored)
    for headers, body in load.refusals:
        assert int(headers["Retry-After"]) > 0
        if headers["Content-Type"] == "application/problem+json":
            assert json.loads(body)["type"] == "/problems/database-unavailable"
        else:
            assert "<html" in body
    assert "Traceback" not in server.printed()
