"""Repositories that a team wrote by hand, to be adopted."""

from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

ANSWERS, BASELINE = ".copier-answers.yml", "roadbed-baseline.toml"
DJANGO = {
    "README.md": "# Corner shop\n\nSells what you forgot.\n",
    "CODEOWNERS": "# Who reviews what\ndocs/ @acme/writers\n* @acme/shop\n",
    "requirements.txt": "Django>=5.2,<6\ndjangorestframework  # or fastapi, one day\n-r more.txt\n",
    "manage.py": "print('django')\n",
    "shop/models.py": "class Basket: ...\n",
    ".gitignore": "*.pyc\n/.env\n",
}
FASTAPI = {
    "pyproject.toml": '[project]\nname = "parcel-tracker"\nversion = "1"\n'
    'description = "Where parcels are"\n'
    'dependencies = ["fastapi[standard]>=0.115", "sqlmodel"]\n',
    ".editorconfig": "root = true\n\n[*]\nindent_style = tab\n",
    ".gitlab-ci.yml": "test: {script: pytest}\n",
    "app/main.py": "app = ...\n",
}
NAMED = '[project]\nname = "corner-shop"\n'
NINJA = {
    "README.md": "# Corner shop\n",
    "pyproject.toml": NAMED + 'dependencies = ["django", "django-ninja"]\n',
    "manage.py": "print('django')\n",
    ".editorconfig": "root = true\n",
    ".gitignore": "*.pyc\n",
}
GENERATED = {".roadbed/service.toml": 'plan = "fastapi-service"\n'}
Written = Callable[[Mapping[str, str]], Path]


def answers(repository: Path) -> dict[str, object]:
    """What is recorded, but for Copier's own entries and what follows from the others."""
    recorded = yaml.safe_load((repository / ANSWERS).read_text())
    return {key: it for key, it in recorded.items() if key[0] != "_" and key != "recorded"}
