"""The report and its export."""

import csv

import pytest
from chassis.django.models import AuditEvent
from django.test import Client

from web.approvals.models import ApprovalRequest


def test_report_sums_up_what_the_filters_leave(decider: Client, approval: ApprovalRequest) -> None:
    """The report shows totals and the chart of the filtered requests only."""
    page = decider.get("/approvals/report").text
    assert "€ 250.00" in page
    assert 'class="bar"' in page
    assert "No matching requests." in decider.get("/approvals/report?status=rejected").text
    assert "No matching requests." in decider.get("/approvals/report?since=2999-01-01").text
    assert "€ 250.00" in decider.get("/approvals/report?since=nonsense&text=chair").text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_export_holds_no_formula(decider: Client, approval: ApprovalRequest, start: str) -> None:
    """A cell that looks like a formula is written as text; amounts stay numbers."""
    ApprovalRequest.objects.update(title=f"{start}HYPERLINK(1)")
    response = decider.get("/approvals/report.csv")
    lines = response.getvalue().decode("utf-8-sig")
    row = list(csv.reader(lines.splitlines(keepends=True)))[1]
    assert row[:3] == [f"'{start}HYPERLINK(1)", "250.00", "Pending"]
    assert response.headers["Content-Disposition"] == 'attachment; filename="approvals.csv"'
    assert response.headers["Cache-Control"] == "private, no-store"


def test_export_is_for_reviewers_and_on_record(
    browser: Client, decider: Client, approval: ApprovalRequest
) -> None:
    """A member may see the report but not export it; an export is in the audit trail."""
    assert browser.get("/approvals/report").status_code == 200
    assert browser.get("/approvals/report.csv").status_code == 403
    decider.get("/approvals/report.csv?status=pending")
    assert AuditEvent.objects.get(action="approvals.exported").after == {
        "filters": ["status"],
        "rows": 1,
    }


def test_comment_is_exported(decider: Client, approval: ApprovalRequest) -> None:
    """The CSV file contains the comment of the decision."""
    decider.post(f"/approvals/{approval.pk}/reject", {"comment": "Take the old one."})
    assert "Take the old one." in decider.get("/approvals/report.csv").getvalue().decode()
