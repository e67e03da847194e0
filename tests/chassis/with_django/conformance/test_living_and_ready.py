"""OBS005."""

from typing import Any

import pytest
from django.http import HttpResponse

from chassis.django import health
from chassis.django.conformance.living_and_ready import LivingAndReady


def test_accepts_what_the_platform_gives(examine: Any) -> None:
    """The platform's probes are what the rule describes, and pages say 503."""
    assert examine(LivingAndReady()) == []


def test_finds_a_probe_that_always_agrees(examine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A readiness probe that knows no draining is named."""
    monkeypatch.setattr(
        health, "answer", lambda request: HttpResponse() if request.path == "/readyz" else None
    )
    assert "/readyz" in examine(LivingAndReady())
