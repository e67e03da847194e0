"""schemathesis over every operation of a served API, with every check that it knows."""

import json
import shutil
import subprocess
import sys
from base64 import urlsafe_b64encode
from http import HTTPStatus
from pathlib import Path

from tests.generated.serving import Server, ask

EXAMPLES = 50
# always the same, or a change would be blamed for what chance found: try others by hand
SEED = 3
HOOKS = Path(__file__).with_name("fuzz_hooks.py")

_CURSOR = ["2026-01-31T12:00:00+00:00", "00000000-0000-4000-8000-000000000000"]
CURSOR = urlsafe_b64encode(json.dumps(_CURSOR).encode()).decode().rstrip("=")
# what JSON Schema cannot say: a cursor is one that the service gave out, a query may be nonsense
CONFIGURATION = f"""\
hooks = "{HOOKS.name}"

[parameters]
"query.after" = "{CURSOR}"

[[operations]]
include-path = "/graphql"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "403"]
"""


def fuzz(server: Server, folder: Path, contracts: Path) -> None:
    """Fail with what was found, unless every answer kept the promises of `contracts` (the service's
    folder of that name) and the service logged no error."""
    status, body = ask(f"{server.url}/v1/endpoints", Authorization=f"Bearer {server.token}")
    # or nothing behind the refusal would be looked at
    assert status == HTTPStatus.OK, body
    _run(server, folder, f"{server.url}/openapi.json", "--checks", "all")
    graphql = contracts / "api.graphql"
    if graphql.exists():
        url = f"{server.url}/graphql"
        # its types cannot say what text is an address or a cursor; of crashes our own check knows
        unfit = "positive_data_acceptance,not_a_server_error"
        checks = ("--checks", "all", "--exclude-checks", unfit)
        _run(server, folder, str(graphql), "--url", url, *checks)
    assert [] == server.errors()


def _run(server: Server, folder: Path, *arguments: str) -> None:
    configuration = folder / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    shutil.copy(HOOKS, folder)
    program = str(Path(sys.executable).with_name("schemathesis"))
    command = [program, "--config-file", str(configuration), "run", *arguments, "--no-color"]
    command += ["--max-examples", str(EXAMPLES), "--seed", str(SEED), "--warnings", "off"]
    command += ["-H", f"Authorization: Bearer {server.token}"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
