"""Tests of web.accounts."""
