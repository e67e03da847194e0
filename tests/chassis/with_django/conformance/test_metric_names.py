"""OBS003."""

from typing import Any

import pytest

from chassis.django import middleware
from chassis.django.conformance.metric_names import MetricNames


def test_accepts_what_the_platform_gives(examine: Any) -> None:
    """What is counted has the conventions' labels, and templates."""
    assert examine(MetricNames()) == []


def test_finds_a_path(examine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that is counted under its path makes a series of its own."""
    monkeypatch.setattr(middleware, "_route", lambda request: f"{request.path}-of-somebody")
    assert "/page-of-somebody" in examine(MetricNames())
