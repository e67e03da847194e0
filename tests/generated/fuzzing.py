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
    status, body = ask(f"{server.url}/v1/endpoints", **_token(server))
    # or nothing behind the refusal would be looked at
    assert status == HTTPStatus.OK, body
    _run(server, folder, f"{server.url}/openapi.json", "--checks", "all")
    graphql = contracts / "api.graphql"
    if graphql.exists():
        _run_graphql(server, folder, graphql, f"{server.url}/graphql")
    assert [] == server.errors()


def fuzz_web(server: Server, folder: Path, contracts: Path) -> None:
    """The same for the API of a web half, whatever it is written with."""
    openapi, graphql = contracts / "web.openapi.json", contracts / "web.graphql"
    if graphql.exists():
        status, body = ask(
            f"{server.url}/api/graphql",
            {"query": "{ approvals { items { id } } }"},
            **_token(server),
        )
        assert status == HTTPStatus.OK, body
        _run_graphql(server, folder, graphql, f"{server.url}/api/graphql")
    else:
        status, body = ask(f"{server.url}/api/approvals/", **_token(server))
        assert status == HTTPStatus.OK, body
        with_key = _without_sessions(openapi, folder / openapi.name)
        # what was just created may lack an attachment, and schemathesis would miss it
        unfit = ("--checks", "all", "--exclude-checks", "ensure_resource_availability")
        _run(server, folder, str(with_key), "--url", server.url, *unfit)
    assert [] == server.errors()


def _without_sessions(contract: Path, copy: Path) -> Path:
    """Leave the key as the only way in: every request has it, and so a cookie that is made up
    cannot be refused."""
    document = json.loads(contract.read_text())
    for item in document["paths"].values():
        for operation in item.values():
            operation["security"] = [{"bearer": []}]
    copy.write_text(json.dumps(document))
    return copy


def _token(server: Server) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.token}"}


def _run_graphql(server: Server, folder: Path, schema: Path, url: str) -> None:
    # its types cannot say what text is an address or a cursor; of crashes our own check knows
    unfit = "positive_data_acceptance,not_a_server_error"
    _run(server, folder, str(schema), "--url", url, "--checks", "all", "--exclude-checks", unfit)


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
