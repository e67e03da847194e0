"""What travels with a request to wherever its work goes on."""

import re
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs

from chassis import logs, telemetry

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CARRIED = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "x-request-id": "order-42"}


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Leave no request behind."""
    yield
    logs.clear()


def test_nothing_is_carried_outside_a_request() -> None:
    """A script has no request to speak of."""
    assert telemetry.carried() == {}


def test_a_request_is_carried() -> None:
    """An outgoing call names the request and its trace in the headers of W3C and ours."""
    logs.bind_request(request_id="r" * 8, trace_id=TRACE)
    carried = telemetry.carried()
    assert carried["x-request-id"] == "r" * 8
    assert re.fullmatch(rf"00-{TRACE}-[0-9a-f]{{16}}-00", carried["traceparent"])


def test_what_was_carried_goes_on() -> None:
    """A job's lines bear the identifiers of the request that enqueued it, and only inside."""
    with (
        capture_logs(processors=[logs.identify]) as lines,
        telemetry.resume(CARRIED, name="deliver", kind="consumer"),
    ):
        structlog.get_logger().info("sent")
        assert telemetry.carried()["traceparent"].split("-")[1::2] == [TRACE, "01"]
    assert (lines[0]["request_id"], lines[0]["trace_id"]) == ("order-42", TRACE)
    assert telemetry.carried() == {}


@pytest.mark.parametrize(
    "carried", [{}, {"traceparent": "00-zz-1-01", "x-request-id": "a b"}, {"traceparent": "\xff"}]
)
def test_work_without_identifiers_gets_its_own(carried: dict[str, str]) -> None:
    """Every run of a periodic job can be told from the others; a broken header never raises."""
    made = []
    for _ in range(2):
        with telemetry.resume(carried, name="tidy", kind="internal"):
            made.append(telemetry.carried())
    assert made[0]["x-request-id"] != made[1]["x-request-id"]
    assert made[0]["traceparent"] != made[1]["traceparent"]


def test_work_within_work_returns() -> None:
    """After an inner piece of work the outer one is current again."""
    with telemetry.resume({}, name="outer", kind="internal"):
        outer = telemetry.carried()
        with telemetry.resume(CARRIED, name="inner", kind="internal"):
            pass
        assert telemetry.carried() == outer
