"""Guesses of a plan's answers from the files of a repository."""

import configparser
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_PLANS = {
    (True, True): "hybrid",
    (True, False): "django-monolith",
    (False, True): "fastapi-service",
}
# the first library that a project depends on decides
_WEB_APIS = (
    ("django-ninja", "ninja"),
    ("djangorestframework", "drf"),
    ("strawberry-graphql-django", "graphql"),
)
_REQUIREMENTS = ("requirements*.txt", "requirements*.in", "requirements/*.txt", "requirements/*.in")
_LIBRARY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CODE_OWNERS = ("CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS")
_TEAMS = (  # the owner of everything, else the first one named
    re.compile(r"^\*\s+@([A-Za-z0-9][A-Za-z0-9._/-]*)", re.MULTILINE),
    re.compile(r"^[^#\s\[]\S*\s+@([A-Za-z0-9][A-Za-z0-9._/-]*)", re.MULTILINE),
)
_TITLE = re.compile(r"^# +(\S.{0,79}?) *$", re.MULTILINE)


def guess_answers(repository: Path) -> dict[str, str]:
    """Return guessed answers by question; a question without a guess is absent.

    A generated repository that lost its answers file still has `.roadbed/service.toml`, the
    template's folder names and the title of its README.
    """
    recorded = str(_toml(repository / ".roadbed/service.toml").get("plan", ""))
    libraries = set(_libraries(repository))
    django, fastapi = "django" in libraries, "fastapi" in libraries
    plan = recorded or _PLANS.get((django, fastapi), "")
    answers = dict(_about(repository, generated=bool(recorded)))
    if plan:
        answers["plan"] = plan
    if django:
        answers["web_api"] = next(
            (answer for name, answer in _WEB_APIS if name in libraries), "none"
        )
        several = (repository / "web/organizations").is_dir()
        answers["tenancy"] = "organizations" if several else "single"
    if fastapi:
        answers["orm"] = "sqlmodel" if "sqlmodel" in libraries else "sqlalchemy"
        answers["api_shape"] = "graphql" if "strawberry-graphql" in libraries else "rest"
    if plan == "fastapi-service":
        answers["auth"] = "local" if (repository / "api/auth").is_dir() else "oidc"
    return answers


def _libraries(repository: Path) -> Iterator[str]:
    """Yield the normalized names of all libraries that the repository lists."""
    for requirement in _requirements(repository):
        name = _LIBRARY.match(requirement)
        if name:
            yield re.sub(r"[-_.]+", "-", name[0]).lower()


def _requirements(repository: Path) -> Iterator[str]:
    yield from _listed_in(_toml(repository / "pyproject.toml"))
    pipfile = _toml(repository / "Pipfile")
    yield from _listed([pipfile.get("packages"), pipfile.get("dev-packages")])
    for pattern in _REQUIREMENTS:
        for path in repository.glob(pattern):
            yield from _text(path).splitlines()
    setup = configparser.ConfigParser(interpolation=None)
    try:
        setup.read_string(_text(repository / "setup.cfg"))
    except configparser.Error:
        return
    yield from setup.get("options", "install_requires", fallback="").splitlines()


def _listed_in(data: Mapping[str, object]) -> Iterator[str]:
    """Yield the requirements of any tool's pyproject.toml: dependency keys at any depth."""
    for key, value in data.items():
        if key.endswith("dependencies") or key == "dependency-groups":
            yield from _listed([value])
        elif isinstance(value, dict):
            yield from _listed_in(value)


def _listed(values: Iterable[object]) -> Iterator[str]:
    """Yield requirements in lists, and keys of tables (names of libraries or of groups)."""
    for value in values:
        if isinstance(value, dict):
            yield from value
            yield from _listed(item for item in value.values() if isinstance(item, list))
        elif isinstance(value, list):
            yield from (item for item in value if isinstance(item, str))


def _about(repository: Path, *, generated: bool) -> Iterator[tuple[str, str]]:
    project = _toml(repository / "pyproject.toml").get("project")
    metadata = project if isinstance(project, dict) else {}
    name = str(metadata.get("name") or repository.resolve().name)
    title = _TITLE.search(_text(repository / "README.md"))
    if title and (generated or not metadata.get("name") or _slug(title[1]) == _slug(name)):
        yield "project_name", title[1]
    else:
        yield "project_name", _readable_name(name)
    if _slug(name):
        yield "project_slug", _slug(name)
    if metadata.get("description"):
        yield "description", " ".join(str(metadata["description"]).split())[:200].strip()
    for place in _CODE_OWNERS:
        team = next(
            filter(None, (pattern.search(_text(repository / place)) for pattern in _TEAMS)), None
        )
        if team:
            yield "owner", team[1]
            break
    yield "ci", "gitlab" if (repository / ".gitlab-ci.yml").exists() else "github"


def _readable_name(name: str) -> str:
    return re.sub(r"[-_.\s]+", " ", name).strip().capitalize()[:80]


def _slug(name: str) -> str:
    """Return the slug that the template makes of a name; it begins with a letter or is empty."""
    bare = re.sub(r"[^a-z0-9]+", "-", name.lower()).lstrip("-0123456789")
    return bare[:50].strip("-")


def _toml(place: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(_text(place))
    except ValueError:
        return {}


def _text(place: Path) -> str:
    try:
        return place.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
