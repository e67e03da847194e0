"""A backup of the web half, its uploads included, restored into an empty database and served."""

import shutil
from pathlib import Path

import pytest

from tests.generated.conftest import Project
from tests.generated.producing import wait_for
from tests.generated.serving import SERVE_WEB, background, free_port, wait_until_ready

_UP = "the database is up"
_WAIT = f"import time; print('{_UP}', flush=True); time.sleep(600)"
_KEEP_SERVER = ("python", "-m", "chassis", "with-db", "web", "python", "-c", _WAIT)
_ADDRESS = "from chassis import devdb, service; print(devdb.url(service.load(), 'web'))"
_CREATE = (
    "import psycopg; psycopg.connect('{url}', autocommit=True).execute('{verb} DATABASE drill')"
)
_ATTACH = (
    "from django.core.files.base import ContentFile; "
    "from web.approvals.models import ApprovalRequest; "
    "row = ApprovalRequest.objects.first(); row.attachment_name = 'quote.pdf'; "
    "row.attachment.save('quote.pdf', ContentFile(b'%PDF-1.7 a quote'))"
)
_COUNT = (
    "from chassis.django.models import AuditEvent; from web.accounts.models import User; "
    "from web.approvals.models import ApprovalRequest; "
    "print(*(m.objects.count() for m in (AuditEvent, User, ApprovalRequest)))"
)


@pytest.fixture
def service(project: Project) -> Project:
    """A service with people, requests and uploads."""
    if "web" not in project.halves:
        pytest.skip("it has no uploads; its own drill is the chassis's")
    return project


def test_what_was_backed_up_is_served_again(service: Project, tmp_path: Path) -> None:
    """Rows, the audit trail and files are there; a file that was forgotten is named."""
    media, dump, copy = (tmp_path / name for name in ("media", "web.dump", "copy"))
    here = {"ENVIRONMENT": "development", "MEDIA_DIR": str(media), "DEMO_PASSWORD": "given here"}
    shell = "uv run python manage.py shell -v0 -c"
    with background(service, *_KEEP_SERVER) as keeper:
        wait_for(lambda: _UP in keeper.printed())
        service.run("uv run just demo-data", environment=here)
        service.run(f'{shell} "{_ATTACH}"', environment=here)
        before = service.run(f'{shell} "{_COUNT}"', environment=here).splitlines()[-1]
        service.run(f"uv run python -m chassis backup --half web {dump}", environment=here)
        shutil.copytree(media, copy)
        url = service.run(f'uv run python -c "{_ADDRESS}"', environment=here).splitlines()[-1]
        service.run(f'uv run python -c "{_CREATE.format(url=url, verb="CREATE")}"')
        try:
            drill = here | {"WEB_DATABASE_URL": url.replace("/web?", "/drill?")}
            drill["MEDIA_DIR"] = str(copy)
            service.run(f"uv run python -m chassis restore --half web {dump}", environment=drill)
            assert before == service.run(f'{shell} "{_COUNT}"', environment=drill).splitlines()[-1]
            told = service.run("uv run python manage.py check_uploads", environment=drill)
            assert "All 1 files are there." in told
            port = str(free_port())
            with background(service, *SERVE_WEB, port, **drill) as served:
                wait_until_ready(f"http://127.0.0.1:{port}/readyz", served)
            shutil.rmtree(copy)
            told = service.run(
                "uv run python manage.py check_uploads", environment=drill, fails=True
            )
            assert "its attachment is not there" in told
            assert "1 of 1 files are not there: restore them." in told
        finally:
            service.run(f'uv run python -c "{_CREATE.format(url=url, verb="DROP")}"')
