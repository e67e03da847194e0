"""Tests of web.organizations."""
