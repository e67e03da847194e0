"""Finding a service's domains: a folder with the right file in it takes part, nothing is listed."""

from importlib import import_module
from pathlib import Path
from types import ModuleType


def domains(package: str) -> list[Path]:
    """Return the folders below `package` (`"api"`), in a stable order."""
    root = import_module(package)
    folders = (folder for path in root.__path__ for folder in Path(path).iterdir())
    return sorted(folder for folder in folders if (folder / "__init__.py").is_file())


def modules(package: str, name: str) -> list[ModuleType]:
    """Import `<package>.<domain>.<name>` of every domain that has such a file."""
    return [
        import_module(f"{package}.{domain.name}.{name}")
        for domain in domains(package)
        if (domain / f"{name}.py").is_file()
    ]
