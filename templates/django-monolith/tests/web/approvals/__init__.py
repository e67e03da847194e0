"""Tests of web.approvals."""
