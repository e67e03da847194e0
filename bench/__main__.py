"""Render a service, measure it, write the table: `just bench --rounds 9 --seconds 4`."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
_PLANS = {
    "fastapi-service": ("api", "performance.md"),
    "django-monolith": ("web", "performance-django.md"),
}
_SECRET_KEY = "signs-the-sessions-of-one-benchmark-and-nothing-else"  # noqa: S105


def main() -> int:
    """Run one benchmark and return the exit code of the measurement."""
    options = _options()
    if shutil.which("wrk") is None:
        sys.stderr.write("wrk is not installed: run `apt-get install wrk` and try again.\n")
        return 5
    with tempfile.TemporaryDirectory(prefix="roadbed-bench-") as folder:
        service = Path(folder) / "bench"
        half, page = _PLANS[options.plan]
        _render(service, options.plan, half)
        environment = {**os.environ, "ENVIRONMENT": "development", "SECRET_KEY": _SECRET_KEY}
        environment.pop("VIRTUAL_ENV", None)
        measure = ["python", str(BENCH / "measure.py"), f"--rounds={options.rounds}"]
        measure += [
            f"--seconds={options.seconds}",
            f"--only={options.only}",
            f"--plan={options.plan}",
        ]
        measure += [] if options.dry else [f"--report={ROOT / 'docs' / page}"]
        inside = ["uv", "run", "python", "-m", "chassis", "with-db", half, *measure]
        return subprocess.run(inside, cwd=service, env=environment, check=False).returncode


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--plan", choices=_PLANS, default="fastapi-service")
    parser.add_argument("--rounds", type=int, default=9, help="paired rounds for each endpoint")
    parser.add_argument("--seconds", type=int, default=4, help="seconds of load a side and round")
    parser.add_argument("--only", default="", help="endpoints, separated by commas: hello,read")
    parser.add_argument("--dry", action="store_true", help="print the table and write no file")
    return parser.parse_args()


def _render(service: Path, plan: str, half: str) -> None:
    """Render the service from this checkout's commit and add the endpoints to measure."""
    source = f"git+file://{ROOT}"
    answers = ["-d", f"plan={plan}", "-d", "project_name=Bench", "-d", "owner=bench"]
    copier = [sys.executable, "-m", "copier", "copy", "-q", "--defaults", "--vcs-ref", "HEAD"]
    subprocess.run([*copier, *answers, source, str(service)], check=True)
    shutil.copytree(BENCH / plan.replace("-", "_"), service / half, dirs_exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    subprocess.run(["uv", "sync", "-q"], cwd=service, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main())
