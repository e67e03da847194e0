"""From a fresh clone to a running demo or a test run, with git, Python and pip alone.

    python3 bootstrap.py setup                  create the environment
    python3 bootstrap.py demo [ARGUMENT ...]    run a demo of a plan (see `demo --help`)
    python3 bootstrap.py roadbed ARGUMENT ...   run `roadbed` (see `roadbed --help`)
    python3 bootstrap.py test [ARGUMENT ...]    run every suite; arguments go to pytest

Standard library only. uv is taken from PATH, else installed into .tools by pip: `--target` installs
beside the system's packages, so it works on an externally managed Python (PEP 668) and without the
`venv` module.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (older Pythons read this far)
    sys.exit(
        "Roadbed's tools need Python 3.11 or newer, and this is "
        + sys.version.split()[0]
        + ": run `python3.13 bootstrap.py` (or another newer Python) instead."
    )

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent
TOOLS = ROOT / ".tools"
CHASSIS_TESTS = ROOT / "tests" / "chassis"
EVERYTHING = ("-n", "auto", "--dist", "loadgroup")  # a whole run uses every core
UV = "uv>=0.9,<0.14"  # the range that the build systems ask for
NO_TEST_RAN = 5  # pytest's exit code
COULD_NOT_RUN = 5  # ours


def main(arguments: Sequence[str]) -> int:
    """Run the verb; return its exit code."""
    verbs = {"setup": setup, "demo": demo, "roadbed": roadbed, "test": test}
    if not arguments or arguments[0] not in verbs:
        print(__doc__)  # noqa: T201
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    if not shutil.which("git"):
        tell("git is not on PATH: install git and run the same command again.")
        return COULD_NOT_RUN
    return verbs[arguments[0]](arguments[1:])


def setup(arguments: Sequence[str]) -> int:
    """Create the environment of this checkout in .venv."""
    del arguments
    _environment(find_uv())
    tell("ready: try `python3 bootstrap.py demo`")
    return 0


def demo(arguments: Sequence[str]) -> int:
    """Run `roadbed demo` with these arguments."""
    return roadbed(["demo", *arguments])


def roadbed(arguments: Sequence[str]) -> int:
    """Run `roadbed` with these arguments, in the user's current folder."""
    uv = find_uv()
    env = _environment(uv)
    env["PATH"] = os.environ.get("PATH", os.defpath)  # roadbed suggests commands for it
    command = [uv, "run", "--no-sync", "--project", str(ROOT), "roadbed", *arguments]
    return run(command, env, Path.cwd())


def test(arguments: Sequence[str]) -> int:
    """Run the root suite and the chassis's, and print the result of each.

    A path among the arguments runs only the suite it belongs to.
    """
    uv = find_uv()
    env = _environment(uv)
    # images set it; a suite of a thousand processes would compile the same Django in each
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    ends = {name: _suite(name, command, env) for name, command in _suites(uv, arguments).items()}
    for name, (code, seconds) in ends.items():
        tell(f"{name}: {_verdict(code)} in {seconds:.0f} s")
    codes = [code for code, _ in ends.values()]
    selected = bool(arguments) and 0 in codes  # a selection may be empty in one of the suites
    return next((code for code in codes if code and not (selected and code == NO_TEST_RAN)), 0)


def _suites(uv: str, arguments: Sequence[str]) -> dict[str, list[str]]:
    words = [_absolute(word) for word in arguments]
    inside = [word.startswith(str(CHASSIS_TESTS)) for word in words if Path(word).is_absolute()]
    suites = {}
    if not inside or not all(inside):
        suites["root suite"] = [uv, "run", "--no-sync", "pytest", *(words or EVERYTHING)]
    if all(inside) and CHASSIS_TESTS.is_dir():
        python = load_interpreters().request(uv)
        tell(f"the chassis's suite runs on {python}")
        where = ["--directory", str(CHASSIS_TESTS), "--python", python]
        suites["chassis suite"] = [uv, "run", *where, "pytest", *(words or EVERYTHING)]
    return suites


def _absolute(word: str) -> str:
    """Return a path (or a test's) as an absolute path; any other word unchanged."""
    path, colons, name = word.partition("::")
    return f"{Path(path).resolve()}{colons}{name}" if Path(path).exists() else word


def _suite(name: str, command: Sequence[str], env: Mapping[str, str]) -> tuple[int, float]:
    tell(f"running the {name}")
    begun = time.monotonic()
    return run(command, env), time.monotonic() - begun


def _verdict(code: int) -> str:
    return {0: "passed", NO_TEST_RAN: "ran no test"}.get(code, f"FAILED (exit code {code})")


def find_uv() -> str:
    """Return uv's path, from PATH or .tools; install it into .tools when it is in neither."""
    here = TOOLS / "bin" / ("uv.exe" if os.name == "nt" else "uv")
    on_path = shutil.which("uv")
    if not on_path and not here.is_file():
        tell("installing uv into .tools")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--root-user-action=ignore"]
        ran = subprocess.run([*pip, "--target", str(TOOLS), UV], check=False)
        if ran.returncode or not here.is_file():
            sys.exit(
                "uv could not be installed by pip (see above): install uv yourself and run the "
                "same command again."
            )
    return on_path or str(here)


def _environment(uv: str) -> dict[str, str]:
    """Create or update .venv from uv.lock; return the environment variables for commands in it."""
    env = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    env["PATH"] = os.pathsep.join([env.get("PATH", os.defpath), str(Path(uv).parent)])
    tell("preparing the environment (.venv)")
    # without bytecode every command would take twice its time where none can be written
    sync = [uv, "sync", "--quiet", "--locked", "--compile-bytecode"]
    code = run([*sync, "--python", sys.executable], env)
    if code:
        sys.exit(
            "The environment could not be created (see above): check the network and try again."
        )
    return env


def load_interpreters() -> ModuleType:
    """Return the module that finds Pythons, loaded by its path: roadbed is not installed yet."""
    path = ROOT / "cli" / "roadbed" / "toolchain" / "interpreters.py"
    spec = importlib.util.spec_from_file_location("interpreters", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


def run(command: Sequence[str], env: Mapping[str, str], folder: Path = ROOT) -> int:
    """Run a command in the checkout, or in `folder`; an interrupt exits with its exit code.

    Ctrl-C reaches the command from the terminal, SIGTERM from this process. Neither raises here: an
    exception between the child's end and the reading of its exit code would lose the code.
    """
    interrupts: list[int] = []
    before = {
        number: signal.signal(number, lambda caught, _frame: interrupts.append(caught))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    child = subprocess.Popen(command, cwd=folder, env=env)
    forwarded = 0
    while child.poll() is None:
        if interrupts.count(signal.SIGTERM) > forwarded:
            forwarded += 1
            child.terminate()
        time.sleep(0.1)
    for number, handler in before.items():
        signal.signal(number, handler)
    code = child.returncode if child.returncode >= 0 else 128 - child.returncode
    if interrupts:
        sys.exit(code)
    return code


def tell(text: str) -> None:
    """Print progress."""
    print(f"bootstrap: {text}", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
