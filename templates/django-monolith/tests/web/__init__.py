"""Tests of the web half, on a real PostgreSQL."""
