"""Uploads, exports, charts and lists: what a page of any service needs done once."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import FieldFetchBlocked, ValidationError
from django.core.files.base import ContentFile

from chassis.django.back_office.charts import HEIGHT, bars
from chassis.django.fetch_modes import LISTS_RAISE
from chassis.django.files.exports import cell, csv_response
from chassis.django.files.uploads import (
    MAX_BYTES,
    deliver,
    shown_name,
    stored_name,
    validate_upload,
)

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.pdf", "empty"),
        (PNG + bytes(MAX_BYTES), "a.png", "too-large"),
        (b"<svg onload=alert(1)>", "a.svg", "wrong-type"),
        (b"<svg onload=alert(1)>", "a.png", "wrong-type"),
        (PNG, "a.html", "wrong-type"),
        (PNG, "png", "wrong-type"),
    ],
)
def test_refused_upload(content: bytes, name: str, code: str) -> None:
    """Only a PDF, PNG or JPEG whose name says so is taken."""
    with pytest.raises(ValidationError) as refusal:
        validate_upload(ContentFile(content, name))
    assert refusal.value.code == code


@pytest.mark.parametrize("name", ["a.png", "A.PNG"])
def test_taken_upload(name: str) -> None:
    """The type is known by the first bytes; reading them leaves the file at its start."""
    upload = ContentFile(PNG, name)
    validate_upload(upload)
    assert upload.read() == PNG


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\quotes\\one.pdf", "one.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a_Set-Cookie_ x.pdf"),
        ("evil\u202efdp.exe", "evil_fdp.exe"),
        ("...", "file"),
        ("x" * 200 + ".pdf", "x" * 96 + ".pdf"),
    ],
)
def test_name_is_harmless(name: str, shown: str) -> None:
    """No folder, no control character, no text that runs backwards, never too long."""
    assert shown_name(name) == shown


def test_file_lies_under_a_name_of_ours() -> None:
    """Of the sender's name only a known ending is kept, and two are never the same."""
    first, second = (stored_name(Permission(), "../My quote.PDF") for _ in range(2))
    assert first != second
    assert first.startswith("auth.permission/")
    assert first.endswith(".pdf")
    assert "." not in stored_name(Permission(), "x.svg").removeprefix("auth.permission/")


def test_file_leaves_as_a_download() -> None:
    """A browser saves it and interprets nothing."""
    headers = deliver(ContentFile(b"<script>", "x"), name='a"b.png').headers
    assert headers["Content-Disposition"] == 'attachment; filename="a_b.png"'
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_cell_is_never_a_formula(start: str) -> None:
    """Text that a spreadsheet would run is quoted; a negative number stays one."""
    assert cell(f"{start}1") == f"'{start}1"
    assert cell(Decimal("-1.50")) == "-1.50"


def test_export_is_a_file() -> None:
    """Header and rows, as UTF-8 that Excel recognizes."""
    response = csv_response("a.csv", ["x", "y"], [["=1", None]])
    assert response.getvalue() == "\ufeffx,y\r\n'=1,\r\n".encode()


def test_largest_month_fills_the_chart() -> None:
    """Bars stand in proportion; the thirteenth month back is left out."""
    months = [(date(2025, month, 1), Decimal(month)) for month in range(1, 13)]
    laid = bars([(date(2024, 12, 1), Decimal(99)), *months])
    assert [bar.height for bar in laid][-2:] == [round(HEIGHT * 11 / 12), HEIGHT]
    assert (len(laid), laid[0].month, laid[0].middle) == (12, date(2025, 1, 1), 20)
    assert bars([]) == []


@pytest.mark.django_db
def test_list_does_not_fetch_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that came with others says which field to fetch with them; a lone row may fetch."""
    monkeypatch.setattr("django.db.models.query.DEFAULT_FETCH_MODE", LISTS_RAISE)
    rows = list(Permission.objects.all()[:2])
    with pytest.raises(FieldFetchBlocked, match=r"Permission.content_type is fetched for each row"):
        str(rows[0].content_type)
    assert Permission.objects.select_related("content_type")[0].content_type.app_label
    assert Permission.objects.all()[:1][0].content_type.app_label
