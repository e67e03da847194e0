"""Two template repositories with releases, and surroundings that are nobody's."""

import hashlib
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import copier
import pytest

from roadbed.errors import Exit
from roadbed.service import manifest, ownership
from roadbed.template import build_manifest, questions, render, source
from tests.cli.conftest import Cli, commit, git
from tests.conftest import once
from tests.update import services
from tests.update.handwritten import NINJA, Written
from tests.update.history import releases
from tests.update.naive import releases as naive_releases

_MAKERS = (build_manifest, manifest, ownership, questions, render, source)
_HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def history(pytestconfig: pytest.Config) -> Path:
    """The synthetic history as a repository; read only."""
    return kept(pytestconfig, "history", releases.build)


@pytest.fixture(scope="session")
def naive(pytestconfig: pytest.Config) -> Path:
    """The naive template as a repository; read only."""
    return kept(pytestconfig, "naive", naive_releases.build)


@pytest.fixture(scope="session")
def real(copier_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real templates as they lie here, released as v1.0.0; read only."""
    clone = tmp_path_factory.mktemp("real") / "templates"
    git(clone.parent, "clone", "--quiet", "--no-tags", str(copier_template), clone.name)
    git(clone, "tag", "v1.0.0")
    return clone


def kept(config: pytest.Config, name: str, build: Callable[[Path], None]) -> Path:
    """The repository that `build` makes, kept until what it is made from changes.

    A history takes dozens of renders, and its hashes are the same each time.
    """
    assert config.cache
    folder = config.cache.mkdir(f"update-{name}")
    return once(folder / _digest(Path(inspect.getfile(build))), build)


def _digest(builder: Path) -> str:
    sources_of_it = [
        path for folder in ("history", "naive") for path in (_HERE / folder).rglob("*")
    ]
    makers = [Path(str(maker.__file__)) for maker in _MAKERS]
    digest = hashlib.sha256(copier.__version__.encode())
    for path in [*sorted(sources_of_it), *makers, builder]:
        digest.update(str(path).encode())
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> services.Nursery:
    """Services at any release."""
    return services.Nursery(tmp_path_factory.mktemp("nursery"))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Roadbed keeps between updates, shared by the tests of a session."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def home(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a git identity and nothing else; the environment of this process points there."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / ".gitconfig").write_text("[user]\nname = Test\nemail = test@localhost\n")
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "GIT_CONFIG_GLOBAL", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("ROADBED_CACHE", str(cache))
    return folder


@pytest.fixture
def service(home: Path, history: Path, nursery: services.Nursery, tmp_path: Path) -> Path:
    """A hybrid at the first release, committed."""
    assert home
    return nursery.born(history, "v1.0.0", tmp_path / "orders", plan="hybrid")


@pytest.fixture
def roadbed(service: Path) -> Cli:
    """The command as a user types it, in the service's folder."""
    return Cli(service, dict(os.environ))


Refused = Callable[..., None]


@pytest.fixture
def refused(roadbed: Cli, service: Path) -> Refused:
    """Assert that an update is refused by one sentence, and that nothing changes."""

    def check(code: Exit, *words: str, options: Sequence[str] = (), **environment: str) -> None:
        before = services.State.of(service)
        roadbed.run("update", "--no-lock", *options, **environment).refused(code, *words)
        assert before == services.State.of(service)

    return check


@pytest.fixture
def written(home: Path, tmp_path: Path) -> Written:
    """Makes a repository that a team wrote by hand."""
    assert home

    def make(texts: Mapping[str, str]) -> Path:
        repository = tmp_path / "shop"
        for path, text in texts.items():
            (repository / path).parent.mkdir(parents=True, exist_ok=True)
            (repository / path).write_text(text)
        git(tmp_path, "init", "--quiet", "-b", "main", str(repository))
        commit(repository, "Write it all")
        return repository

    return make


@pytest.fixture
def adopted(written: Written, history: Path) -> Path:
    """A repository under the first release of the history, committed."""
    repository = written(NINJA)
    source = ("--source", str(history), "--ref", "v1.0.0")
    assert Exit.FINE == services.roadbed("adopt", repository, "--defaults", *source).code
    commit(repository, "Follow the platform")
    return repository
