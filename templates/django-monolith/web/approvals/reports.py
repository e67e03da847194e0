"""The report: totals, a chart by month, and a CSV export of the same requests."""

from chassis.django.audit.trail import record
from chassis.django.back_office.charts import bars
from chassis.django.files.exports import csv_response
from chassis.django.people.roles import may, require
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from web.approvals.forms import FilterForm
from web.approvals.models import ApprovalRequest
from web.approvals.permissions import EXPORT, READ
from web.approvals.queries import visible

CSV_HEADER = ("Title", "Euros", "Status", "Requested by", "Requested on", "Decided by", "Comment")


@require_safe
@require(READ)
def report(request: HttpRequest) -> HttpResponse:
    """Show totals of the requests that match the filters."""
    form = FilterForm(request.GET)
    approvals = visible(request).matching(**form.chosen())
    totals = approvals.totals()
    labels = dict(ApprovalRequest.Status.choices)
    context = {
        "form": form,
        "totals": [(status, labels[status], row) for status, row in totals.items()],
        "count": sum(row["count"] for row in totals.values()),
        "bars": bars(approvals.by_month()),
        "can_export": may(request, EXPORT),
    }
    return render(request, "approvals/report.html", context)


@require_safe
@require(EXPORT)
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Return the requests that match the filters as CSV."""
    chosen = FilterForm(request.GET).chosen()
    approvals = visible(request).matching(**chosen)
    record("approvals.exported", after={"filters": sorted(chosen), "rows": approvals.count()})
    return csv_response("approvals.csv", CSV_HEADER, map(_row, approvals.iterator(chunk_size=500)))


def _row(approval: ApprovalRequest) -> tuple[object, ...]:
    people = (
        str(approval.requested_by),
        approval.requested_at.date(),
        str(approval.decided_by or ""),
    )
    return (
        approval.title,
        approval.amount,
        approval.get_status_display(),
        *people,
        approval.comment,
    )
