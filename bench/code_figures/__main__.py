"""Print the figures of the house: `uv run python -m bench.code_figures`, or with `--json`.

`--offenses` lists what `tests/test_language.py` refuses, a line each.
"""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.code_figures import cycles, language, names, offenses, prose, report, shapes
from bench.code_figures.sources import ROOT, Source, python_files

FOLDERS = ("cli", "chassis", "devissuer", "templates")
PACKAGES = {
    "cli": "cli/roadbed",
    "chassis": "chassis/src/chassis",
    "devissuer": "devissuer/src/devissuer",
}


def main() -> None:
    """Measure each folder and print the table, or the JSON document."""
    parser = argparse.ArgumentParser(prog="python -m bench.code_figures", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print a JSON document")
    parser.add_argument("--offenses", action="store_true", help="list the refused words")
    options = parser.parse_args()
    if options.offenses:
        sys.stdout.writelines(f"{one}\n" for one in offenses.everywhere())
        return
    figures = {folder: measure(folder) for folder in FOLDERS}
    document = json.dumps(figures, indent=2) + "\n"
    sys.stdout.write(document if options.json else report.table(figures))


def measure(folder: str) -> dict[str, Any]:
    """Return all figures of the Python files of one folder of the repository."""
    sources = python_files(ROOT / folder)
    figures: dict[str, Any] = {
        "parameters": Counter(name for one in sources for _, name in names.parameters(one)),
        "variables": Counter(name for one in sources for _, name in names.variables(one)),
        "uses": sum(names.uses(one) for one in sources),
        **_prose(sources),
        "docstrings": asdict(shapes.docstring_styles(sources)),
        "files": asdict(shapes.file_sizes(sources)),
        "functions": asdict(shapes.function_sizes(sources)),
    }
    if folder in PACKAGES:
        figures["cycles"] = _cycles(sources, ROOT / PACKAGES[folder])
    return figures


def _prose(sources: list[Source]) -> dict[str, Any]:
    passages = [passage for one in sources for passage in prose.passages(one)]
    words = sum(passage.words for passage in passages)
    counts = {
        phrase.name: sum(phrase.count(passage.text) for passage in passages)
        for phrase in language.COUNTED
    }
    rates = {name: round(1000 * number / max(words, 1), 2) for name, number in counts.items()}
    return {"words": words, "phrases": counts, "phrases_per_1000_words": rates}


def _cycles(sources: list[Source], package: Path) -> dict[str, Any]:
    inside = [one for one in sources if one.path.is_relative_to(package)]
    graph = cycles.imports(inside, package)
    loading = cycles.cycles(graph.loading)
    return {
        "loading": loading,
        "with_later_imports": [one for one in cycles.cycles(graph.all()) if one not in loading],
    }


if __name__ == "__main__":
    main()
