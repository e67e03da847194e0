"""The MANIFEST of each plan, written from real renders.

Run it as `python -m roadbed.template.build_manifest --write`, or as `just manifest`.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from roadbed.errors import Exit, RoadbedError, UsageError
from roadbed.git.objects import blob_id
from roadbed.service.manifest import MANIFEST_FILE, ManifestEntry, managed_files, manifest_text
from roadbed.service.ownership import OWNERSHIP_FILE
from roadbed.template.questions import read_questions
from roadbed.template.render import render
from roadbed.template.source import Source, resolve_source, snapshot_source

CONDITIONS = ("ci",)


def build(source: Source, plan: str) -> list[ManifestEntry]:
    """Return the entries of `plan`, from one real render for every value of the conditional
    questions.

    Raises UsageError when a managed file differs between renders: such a file cannot be managed.
    """
    blobs: dict[str, dict[str, str]] = {}
    variants = list(_variants(source))
    for condition in variants:
        with tempfile.TemporaryDirectory(prefix="roadbed-") as scratch:
            folder = Path(scratch)
            answers = dict([condition.split("=")]) if condition else {}
            render(source, folder, {"plan": plan, **answers}, defaults=True)
            for path in managed_files(folder):
                blobs.setdefault(path, {})[condition] = blob_id((folder / path).read_bytes())
    return [entry for path in blobs for entry in _entries(path, blobs[path], len(variants))]


def _variants(source: Source) -> Iterator[str]:
    choices = read_questions(source).choices
    values = [f"{name}={value}" for name in CONDITIONS for value in choices.get(name, ())]
    yield from values or [""]


def _entries(path: str, blobs: Mapping[str, str], variants: int) -> list[ManifestEntry]:
    if len(set(blobs.values())) > 1:
        raise UsageError(
            f"{path} is managed but differs between {' and '.join(blobs)}: give it the same "
            f"bytes, or another class in {OWNERSHIP_FILE}."
        )
    if len(blobs) == variants:
        return [ManifestEntry(path, "", next(iter(blobs.values())))]
    return [ManifestEntry(path, condition, blob) for condition, blob in blobs.items()]


def main(arguments: Sequence[str]) -> int:
    """Write the manifests of the checkout's plans, or with `--check` print those that are stale."""
    parser = argparse.ArgumentParser(
        "python -m roadbed.template.build_manifest", description=main.__doc__
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true")
    mode.add_argument("--check", action="store_true")
    parser.add_argument("--source", default=None, help="the checkout [default: this one]")
    options = parser.parse_args(arguments)
    stale = False
    for path, text in _all(resolve_source(options.source, "HEAD")):
        current = path.read_text(encoding="utf-8") if path.is_file() else ""
        if options.write:
            path.write_text(text, encoding="utf-8", newline="\n")
        elif current != text:
            stale = True
            sys.stderr.write(
                f"{path} is stale: run `python -m roadbed.template.build_manifest --write`.\n"
            )
    return Exit.FINDINGS if stale else Exit.FINE


def _all(source: Source) -> Iterator[tuple[Path, str]]:
    if source.folder is None:
        raise UsageError(f"{source.url} is not a checkout on this machine: clone it first.")
    with tempfile.TemporaryDirectory(prefix="roadbed-") as scratch:
        still = snapshot_source(source, Path(scratch))
        for plan in read_questions(still).plans:
            text = manifest_text(build(still, plan))
            yield source.folder / "templates" / plan / MANIFEST_FILE, text


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except RoadbedError as mistake:
        sys.exit(f"roadbed: {mistake}")
