"""CSV exports."""

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

# OWASP, "CSV injection": a spreadsheet runs a cell that begins with one of these as a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Echo:
    def write(self, line: str) -> str:
        return line


def cell(value: object) -> str:
    """Return the value as text that no spreadsheet runs as a formula; numbers stay numbers."""
    text = "" if value is None else str(value)
    is_number = not isinstance(value, str)
    return text if is_number or not text.startswith(_FORMULA) else f"'{text}"


def csv_response(
    name: str, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> StreamingHttpResponse:
    """Return a streaming response with a CSV file of that name."""
    response = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # the byte order mark that Excel needs to read UTF-8
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([cell(value) for value in row])
