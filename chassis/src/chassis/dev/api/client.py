"""`python -m chassis client`: a typed Python client, generated from the committed contract."""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from chassis.errors import UserError
from chassis.service import Service

PACKAGE = "api_client"
_CONTRACT = Path("contracts", "api.openapi.json")
_FOLDER = Path("clients", "python")
# no formatting: the client is generated and not edited
_CONFIGURATION = """
package_name_override: {package}
project_name_override: {name}-client
post_hooks: []
"""
# the generator still writes for httpx, which httpx2 continues
_REQUIREMENT = re.compile(r'"httpx[<>=][^"]*"')
_IMPORTED = re.compile(r"\bhttpx\b")


def run(service: Service, options: argparse.Namespace) -> None:
    """Write the client and say where it lies. Raises as `generate`."""
    del options
    sys.stdout.write(f"Wrote {generate(service).relative_to(service.root)}.\n")


def generate(service: Service, folder: Path | None = None) -> Path:
    """Write the project of a client into `folder` (default: `clients/python`), instead of an
    older one; return the folder. The package in it is called `api_client`.

    Raises UserError when there is no contract, or one that the generator does not understand.
    """
    target = folder or service.root / _FOLDER
    contract = service.root / _CONTRACT
    if not contract.is_file():
        raise UserError(f"There is no {_CONTRACT}: run `just generate` first.")
    with tempfile.TemporaryDirectory() as place:
        configuration = Path(place, "client.yml")
        configuration.write_text(_CONFIGURATION.format(package=PACKAGE, name=service.name))
        _run(contract, target, configuration)
    for path in [*target.rglob("*.py"), target / "pyproject.toml"]:
        text = path.read_text(encoding="utf-8")
        text = _REQUIREMENT.sub('"httpx2>=2.16.2,<3"', text)
        path.write_text(_IMPORTED.sub("httpx2", text), encoding="utf-8")
    return target


def _run(contract: Path, target: Path, configuration: Path) -> None:
    options = {"--path": contract, "--output-path": target, "--config": configuration}
    words = [str(word) for option in options.items() for word in option]
    done = subprocess.run(  # noqa: S603 - a list, never a shell
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", *words),
            *("--meta", "uv", "--overwrite", "--fail-on-warning"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UserError(f"The client cannot be generated: {(done.stdout + done.stderr).strip()}")
