"""The figures as a table of 80 columns, and the lists of what is too long or in a cycle."""

from collections.abc import Iterable
from typing import Any

from bench.code_figures.shapes import LONGEST_FILE, LONGEST_FUNCTION

_WIDTH = 80
_LABEL = 36
_Figures = dict[str, Any]


def table(figures: dict[str, _Figures]) -> str:
    """Return one column for each folder, then the lists of each folder."""
    columns = {folder: _rows(one) for folder, one in figures.items()}
    labels = max(columns.values(), key=len)
    lines = [_line("", columns)]
    lines += [_line(label, [one.get(label, "") for one in columns.values()]) for label in labels]
    for folder, one in figures.items():
        lines += _lists(folder, one)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _line(label: str, cells: Iterable[object]) -> str:
    return f"{label:{_LABEL}}" + "".join(f"{cell:>11}" for cell in cells)


def _rows(figures: _Figures) -> dict[str, object]:
    rows = {
        "banned names as parameters": sum(figures["parameters"].values()),
        "  as local variables": sum(figures["variables"].values()),
        "  uses of both": figures["uses"],
        **_prose(figures),
        **_sizes("files", LONGEST_FILE, figures["files"]),
        **_sizes("functions", LONGEST_FUNCTION, figures["functions"]),
    }
    if "cycles" in figures:
        rows["import cycles"] = len(figures["cycles"]["loading"])
        rows["  with imports in functions"] = len(figures["cycles"]["with_later_imports"])
    return rows


def _prose(figures: _Figures) -> dict[str, object]:
    rates, styles = figures["phrases_per_1000_words"], figures["docstrings"]
    share = 100 * styles["imperative"] / max(styles["functions"], 1)
    return {
        "words of prose, and per 1,000 words": figures["words"],
        **{f"  {name}": f"{rate:.2f}" for name, rate in rates.items()},
        "docstrings that begin with a verb": f"{share:.0f} %",
        "  `single` backticks": styles["single_backticks"],
        "  ``double`` backticks": styles["double_backticks"],
    }


def _sizes(kind: str, limit: int, sizes: _Figures) -> dict[str, object]:
    return {
        kind: sizes["number"],
        f"  lines of {kind}: median / 90th": f"{sizes['median']} / {sizes['p90']}",
        f"  {kind} over {limit} lines": len(sizes["over"]),
    }


def _lists(folder: str, figures: _Figures) -> list[str]:
    lines = []
    for kind in ("parameters", "variables"):
        counted = [f"{name} {number}" for name, number in sorted(figures[kind].items())]
        lines += [f"  {kind}: {', '.join(counted)}"] if counted else []
    for kind in ("files", "functions"):
        lines += [_shortened(f"  {kind[:-1]} ", name) for name in figures[kind]["over"]]
    for kind, groups in figures.get("cycles", {}).items():
        label = "  cycle" if kind == "loading" else "  cycle with imports in functions"
        for group in groups:
            lines += [f"{label}:", *(_shortened("    ", name) for name in group)]
    return ["", folder, *lines] if lines else []


def _shortened(before: str, name: str) -> str:
    """Return the line; a name that does not fit loses its beginning."""
    room = _WIDTH - len(before)
    return before + (name if len(name) <= room else "…" + name[1 - room :])
