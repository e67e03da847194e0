"""One line a request, as JSON."""

import json
import sys

FIELDS = (
    "request_id",
    "route",
    "status",
    "duration",
)


def line(**values: object) -> str:
    """The line for these values; a field that nobody gave is left out."""
    return json.dumps({name: values[name] for name in FIELDS if name in values})


def write(**values: object) -> None:
    """Write the line to standard error."""
    sys.stderr.write(line(**values) + "\n")
