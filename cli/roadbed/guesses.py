"""What a repository that was never generated says about the answers it would have given."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

_WORDS = re.compile(r"[a-z0-9][a-z0-9._-]*")
_TEAM = re.compile(r"^\S+\s+@?(\S+)", re.MULTILINE)
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


def answers(repository: Path) -> dict[str, str]:
    """Guessed answers by question; a question is absent where nothing can be guessed."""
    libraries = set(_libraries(repository))
    django, fastapi = "django" in libraries, "fastapi" in libraries
    found = dict(_about(repository))
    plan = _recorded_plan(repository) or _PLANS.get((django, fastapi), "")
    if plan:
        found["plan"] = plan
    if django:
        found["web_api"] = next((it for name, it in _WEB_APIS if name in libraries), "none")
        several = (repository / "web/organizations").is_dir()
        found["tenancy"] = "organizations" if several else "single"
    if fastapi:
        found["orm"] = "sqlmodel" if "sqlmodel" in libraries else "sqlalchemy"
        graphql = libraries & {"strawberry-graphql", "strawberry-graphql-django"}
        found["api_shape"] = "graphql" if graphql else "rest"
    if plan == "fastapi-service":
        found["auth"] = "local" if (repository / "api/accounts").is_dir() else "oidc"
    return found


def _recorded_plan(repository: Path) -> str:
    """The plan of a repository that was generated and lost its answers file."""
    try:
        text = (repository / ".roadbed/service.toml").read_text(encoding="utf-8")
        return str(tomllib.loads(text).get("plan", ""))
    except (OSError, ValueError):
        return ""


def _libraries(repository: Path) -> Iterator[str]:
    files = ["pyproject.toml", "Pipfile", "setup.cfg", *_names(repository, "requirements*.txt")]
    for name in (*files, *_names(repository, "requirements/*.txt")):
        try:
            text = (repository / name).read_text(encoding="utf-8")
        except (OSError, ValueError):
            continue
        yield from _WORDS.findall(text.lower())


def _names(repository: Path, pattern: str) -> Iterator[str]:
    return (path.relative_to(repository).as_posix() for path in repository.glob(pattern))


def _about(repository: Path) -> Iterator[tuple[str, str]]:
    project = _project(repository)
    name = str(project.get("name") or repository.resolve().name)
    yield "project_name", name.replace("-", " ").replace("_", " ").capitalize()
    if project.get("description"):
        yield "description", " ".join(str(project["description"]).split())[:200]
    for place in ("CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"):
        team = _team(repository / place)
        if team:
            yield "owner", team
    yield "ci", "gitlab" if (repository / ".gitlab-ci.yml").exists() else "github"


def _project(repository: Path) -> Mapping[str, object]:
    try:
        data = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    project = data.get("project", {})
    return project if isinstance(project, dict) else {}


def _team(place: Path) -> str:
    try:
        found = _TEAM.search(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return found[1] if found and not found[0].startswith("#") else ""
