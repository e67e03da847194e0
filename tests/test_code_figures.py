"""The figures of our own code are counted as `bench/code_figures` says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.code_figures import cycles, language, names, prose, report, shapes
from bench.code_figures.language import REFUSED
from bench.code_figures.sources import ROOT, Source, python_files, read

NAMES = """
class Box[T: (int, str)]:
    def take[U](self, found, /, it, *of, said: U, **given): ...

type Pair[T] = tuple[T, T]
key = lambda told: told

def count(rows):
    for found in rows:
        found = found + 1
    def inner():
        it = 1
"""
PROSE = f'''
"""What the module has is nobody's.

What is it? What a module has.
"""
# a comment
# of two lines

def tell(day):
    """{REFUSED[0].examples[1]}: ``it`` and `that`."""
    raise ValueError(f"{{day!r}} is no{""} day: {{'of this month'}}", "key")  # noqa: TRY003
'''


@pytest.fixture
def source(tmp_path: Path, request: pytest.FixtureRequest) -> Source:
    """Return the parsed file of the text that the test asks for."""
    path = tmp_path / "module.py"
    path.write_text(request.param, encoding="utf-8")
    return read(path)


@pytest.mark.parametrize("source", [NAMES], indirect=True)
def test_names(source: Source) -> None:
    """Every kind of parameter counts, and a variable once for each function."""
    parameters = sorted(name for _, name in names.parameters(source))
    assert ["found", "given", "it", "of", "said", "told"] == parameters
    assert [(9, "found"), (12, "it")] == sorted(names.variables(source))


@pytest.mark.parametrize("source", [PROSE], indirect=True)
def test_prose(source: Source) -> None:
    """Docstrings, comments and messages are passages; keys and directives have no words."""
    passages = prose.passages(source)
    assert [
        ("docstring", 2),
        ("comment", 6),
        ("docstring", 10),
        ("message", 11),
        ("message", 11),
        ("message", 11),
    ] == [(one.kind, one.line) for one in passages]
    assert [13, 6, 5, 3, 3, 0] == sorted((one.words for one in passages), reverse=True)
    counts = {
        phrase.name: sum(phrase.count(one.text) for one in passages) for phrase in language.COUNTED
    }
    assert [1, 0, 1, 1, 2] == list(counts.values())


@pytest.mark.parametrize("source", [PROSE], indirect=True)
def test_shapes(source: Source) -> None:
    """Functions are measured from `def` to their end, and docstrings by first word and markup."""
    assert shapes.Sizes(1, 3, 3, []) == shapes.function_sizes([source])
    assert shapes.Sizes(1, 11, 11, []) == shapes.file_sizes([source])
    assert shapes.DocstringStyles(1, 0, 1, 1) == shapes.docstring_styles([source])


def test_cycles(tmp_path: Path) -> None:
    """A cycle is found at module level, and another only with an import in a function."""
    package = tmp_path / "shop"
    (package / "stock").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "stock" / "__init__.py").touch()
    (package / "stock" / "rows.py").write_text("from ..orders import total\n")
    (package / "orders.py").write_text("import shop.stock.rows\nfrom shop.mail import send\n")
    (package / "mail.py").write_text("def send():\n    from shop import orders\n")
    graph = cycles.imports(python_files(package), package)
    assert [["shop.orders", "shop.stock.rows"]] == cycles.cycles(graph.loading)
    assert [["shop.mail", "shop.orders", "shop.stock.rows"]] == cycles.cycles(graph.all())


def test_report() -> None:
    """The JSON document has a part for each folder, and its table fits 80 columns."""
    command = [sys.executable, "-m", "bench.code_figures", "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    document = json.loads(ran.stdout)
    assert ["cli", "chassis", "devissuer", "templates"] == list(document)
    assert [] == [line for line in report.table(document).splitlines() if len(line) > 80]
