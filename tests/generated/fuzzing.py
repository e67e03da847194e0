"""schemathesis over every operation of a served API, with every check that it knows."""

import json
import shutil
import subprocess
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

from tests.generated.serving import Server

EXAMPLES = 50
HOOKS = Path(__file__).with_name("fuzz_hooks.py")

_CURSOR = ["2026-01-31T12:00:00+00:00", "00000000-0000-4000-8000-000000000000"]
CURSOR = urlsafe_b64encode(json.dumps(_CURSOR).encode()).decode().rstrip("=")
# what JSON Schema cannot say of a cursor: it is one that the service gave out
CONFIGURATION = f"""\
hooks = "{HOOKS.name}"

[parameters]
"query.after" = "{CURSOR}"
"""


def fuzz(server: Server, folder: Path) -> None:
    """Fail with what was found, unless every answer kept the contract's promises and the service
    logged no error."""
    configuration = folder / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    shutil.copy(HOOKS, folder)
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "--config-file",
        str(configuration),
    ]
    command += ["run", f"{server.url}/openapi.json", "--checks", "all", "--no-color"]
    command += ["--max-examples", str(EXAMPLES), "--warnings", "off"]
    command += ["-H", f"Authorization: Bearer {server.token}"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [] == server.errors()
