"""Attachments: upload and download."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from web.approvals.models import ApprovalRequest

FORM = {"title": "Desk lamp", "amount": "39.90", "purpose": "It is dark here in winter."}
PDF = b"%PDF-1.7 a quote"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def attach(browser: Client, name: str, content: bytes) -> str:
    """Create a request with an attachment, and return the page that follows."""
    form = FORM | {"attachment": SimpleUploadedFile(name, content)}
    return browser.post("/approvals/new", form, follow=True).text


def test_attachment_comes_back_as_a_download(browser: Client, uploads: Path) -> None:
    """A file is stored under a generated name, and returned as a download that no browser opens."""
    assert "quote &lt;b&gt;.pdf" not in attach(browser, "quote <b>.pdf", PDF)
    approval = ApprovalRequest.objects.get()
    (stored,) = (path for path in uploads.rglob("*") if path.is_file())
    assert "quote" not in stored.name
    response = browser.get(f"/approvals/{approval.pk}/attachment")
    assert response.getvalue() == PDF
    assert response.headers["Content-Disposition"] == 'attachment; filename="quote _b_.pdf"'
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("picture.svg", SVG, "Attach a PDF, PNG or JPEG"),
        ("page.html", b"<html>", "Attach a PDF, PNG or JPEG"),
        ("script.pdf", SVG, "Attach a PDF, PNG or JPEG"),
        ("quote.html", PDF, "Attach a PDF, PNG or JPEG"),
        ("empty.pdf", b"", "empty"),
        ("large.pdf", PDF + bytes(5 * 1024 * 1024), "larger than 5 MB"),
    ],
)
def test_other_files_are_refused(
    browser: Client, uploads: Path, name: str, content: bytes, message: str
) -> None:
    """A file is refused if a browser could run it, its type is wrong, or it is too large."""
    assert message in attach(browser, name, content)
    assert ApprovalRequest.objects.count() == 0
    assert [path for path in uploads.rglob("*") if path.is_file()] == []


def test_path_in_a_name_leads_nowhere(browser: Client, uploads: Path) -> None:
    """Folders in the file name are removed."""
    attach(browser, "../../etc/quote.pdf", PDF)
    assert ApprovalRequest.objects.get().attachment_name == "quote.pdf"
    assert len([path for path in uploads.rglob("*") if path.is_file()]) == 1


def test_attachment_that_is_gone_is_a_missing_page(
    browser: Client, approval: ApprovalRequest, uploads: Path
) -> None:
    """A request without an attachment and a lost file are a 404."""
    page = f"/approvals/{approval.pk}/attachment"
    assert browser.get(page).status_code == 404
    ApprovalRequest.objects.update(attachment="approvals/lost.pdf")
    assert browser.get(page).status_code == 404


def test_attachment_is_private(approval: ApprovalRequest) -> None:
    """A visitor is sent to the login."""
    assert Client().get(f"/approvals/{approval.pk}/attachment").status_code == 302
