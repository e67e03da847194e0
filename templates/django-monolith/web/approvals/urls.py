"""The URLs under `/approvals/`."""

from django.urls import path

from web.approvals import reports, views

app_name = "approvals"
urlpatterns = [
    path("", views.request_list, name="list"),
    path("new", views.request_new, name="new"),
    path("report", reports.report, name="report"),
    path("report.csv", reports.export, name="export"),
    path("<uuid:pk>", views.request_detail, name="detail"),
    path("<uuid:pk>/attachment", views.attachment, name="attachment"),
    path("<uuid:pk>/approve", views.approve, name="approve"),
    path("<uuid:pk>/reject", views.reject, name="reject"),
]
