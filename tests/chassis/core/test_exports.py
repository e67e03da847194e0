"""What leaves a process: traces to a collector, crashes to a tracker."""

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import SETUP, Collector
from conftest import make_service

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
LIBRARIES = ("opentelemetry", "prometheus_client", "sentry_sdk", "urllib3")


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Give a collector on this machine."""
    made = Collector()
    yield made
    made.server.shutdown()


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Give what runs a program in a service's production environment; its lines come back."""

    def do(program: str, **variables: str) -> list[dict[str, Any]]:
        folder = tmp_path / "s"
        if not folder.exists():
            make_service(folder, "api")
        environment = {
            "ENVIRONMENT": "production",
            "DATABASE_URL": "postgresql://a@h/a",
            **variables,
        }
        done = subprocess.run(
            [sys.executable, "-c", f"{SETUP}{program}\ntelemetry.stop()"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return do


def test_everything_is_off_and_unimported_without_an_endpoint(
    run: Callable[..., list[dict[str, Any]]],
) -> None:
    """What is not configured costs neither memory nor a request's time."""
    program = f"""
serve()
names = [name for name in {LIBRARIES} if name in sys.modules]
print(__import__("json").dumps({{"event": "loaded", "names": names}}))
"""
    (loaded,) = [line for line in run(program) if line["event"] == "loaded"]
    assert loaded["names"] == []


def test_a_request_is_one_span(
    run: Callable[..., list[dict[str, Any]]], collector: Collector
) -> None:
    """With the conventions' attributes, the resource of the service, and the trace id of the line;
    without the path, which may hold personal data."""
    lines = run(
        "serve(); serve(503)",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.address,
        OTEL_EXPORTER_OTLP_HEADERS="x-key=a%20b",
    )
    well, ill = collector.spans()
    assert [well["traceId"], ill["traceId"]] == [line["trace_id"] for line in lines]
    assert (well["name"], well["kind"]) == ("GET /things/{id}", 2)
    assert int(well["endTimeUnixNano"]) >= int(well["startTimeUnixNano"])
    assert "parentSpanId" not in well
    attributes = {item["key"]: next(iter(item["value"].values())) for item in well["attributes"]}
    assert attributes == {
        "http.request.method": "GET",
        "http.route": "/things/{id}",
        "http.response.status_code": "200",
        "url.scheme": "http",
        "chassis.request_id": lines[0]["request_id"],
    }
    assert "status" not in well
    assert ill["status"]["code"] == 2
    resource = json.loads(collector.bodies[0])["resourceSpans"][0]["resource"]["attributes"]
    assert {"key": "service.name", "value": {"stringValue": "orders"}} in resource
    assert collector.headers[0]["x-key"] == "a b"


def test_no_span_is_lost_at_full_speed(
    run: Callable[..., list[dict[str, Any]]], collector: Collector
) -> None:
    """Ten thousand requests without a pause are ten thousand spans."""
    run(
        "for _ in range(10_000): serve()",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.address,
        LOG_LEVEL="ERROR",
    )
    assert len({span["spanId"] for span in collector.spans()}) == 10_000


def test_spans_that_find_no_room_are_counted(
    run: Callable[..., list[dict[str, Any]]], collector: Collector
) -> None:
    """A collector that stands still costs spans, and the log says how many."""
    program = """
import threading
from chassis.telemetry import otlp, tracing
tracing._MOST_WAITING = 100
still = threading.Event()
export = otlp.Exporter.export
otlp.Exporter.export = lambda self, spans: (still.wait(), export(self, spans))[1]
for _ in range(1000): serve()
still.set()
"""
    lines = run(program, OTEL_EXPORTER_OTLP_ENDPOINT=collector.address)
    dropped = sum(line["spans"] for line in lines if line["event"] == "spans_dropped")
    assert dropped > 0
    assert len(collector.spans()) + dropped == 1000


def test_spans_that_cannot_be_written_take_no_room(
    run: Callable[..., list[dict[str, Any]]], collector: Collector
) -> None:
    """Whatever a batch fails with, those after it are sent."""
    program = """
from chassis.telemetry import exports, otlp, tracing
tracing._MOST_WAITING = 1
export, failures = otlp.Exporter.export, [ValueError("no")]
def fail_once(self, spans):
    if failures: raise failures.pop()
    return export(self, spans)
otlp.Exporter.export = fail_once
serve(); exports.tracing._provider.force_flush()
serve()
"""
    lines = run(program, OTEL_EXPORTER_OTLP_ENDPOINT=collector.address)
    sent = [line for line in lines if line["event"] == "request"]
    assert [span["traceId"] for span in collector.spans()] == [sent[1]["trace_id"]]


def test_a_refusing_collector_is_told_about(
    run: Callable[..., list[dict[str, Any]]], collector: Collector
) -> None:
    """What could not be delivered is an error in the log, with its number."""
    collector.status = 400
    lines = run("serve()", OTEL_EXPORTER_OTLP_ENDPOINT=collector.address)
    (lost,) = [line for line in lines if line["event"] == "spans_lost"]
    assert (lost["spans"], lost["error"]) == (1, "status 400")


@pytest.mark.parametrize(("flags", "spans"), [("01", 1), ("00", 0)])
def test_a_trusted_caller_decides_about_its_trace(
    run: Callable[..., list[dict[str, Any]]], collector: Collector, flags: str, spans: int
) -> None:
    """Our span joins the caller's trace as its child, or none is made, whatever our ratio is."""
    run(
        f"serve(traceparent='00-{TRACE}-00f067aa0ba902b7-{flags}')",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.address,
        OTEL_TRACES_SAMPLER_ARG="0" if spans else "1",
    )
    found = collector.spans()
    assert len(found) == spans
    for span in found:
        assert (span["traceId"], span["parentSpanId"]) == (TRACE, "00f067aa0ba902b7")


def test_the_ratio_decides_where_nobody_has(
    run: Callable[..., list[dict[str, Any]]], collector: Collector
) -> None:
    """A tenth of the traces that begin here."""
    run(
        "for _ in range(5000): serve()",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.address,
        OTEL_TRACES_SAMPLER_ARG="0.1",
        LOG_LEVEL="ERROR",
    )
    assert 350 < len(collector.spans()) < 650


def test_one_trace_runs_through_a_request_its_call_and_its_job(
    run: Callable[..., list[dict[str, Any]]], collector: Collector
) -> None:
    """A team's span lies in the request's, a job's span under whatever enqueued it, and their
    lines name the same trace."""
    program = """
import structlog
from opentelemetry import trace
left = {}
def inside():
    trace.get_current_span().set_attribute("order", 42)
    with trace.get_tracer("team").start_as_current_span("pack"):
        left.update(telemetry.carried())
serve(inside=inside)
try:
    with telemetry.resume(left, name="job pack", kind="consumer"):
        structlog.get_logger().info("working")
        raise ValueError("hunter2")
except ValueError:
    pass
"""
    lines = run(program, OTEL_EXPORTER_OTLP_ENDPOINT=collector.address)
    spans = {span["name"]: span for span in collector.spans()}
    request, pack, job = (spans[name] for name in ("GET /things/{id}", "pack", "job pack"))
    assert pack["parentSpanId"] == request["spanId"]
    assert job["parentSpanId"] == pack["spanId"]
    assert {span["traceId"] for span in spans.values()} == {line["trace_id"] for line in lines}
    assert {"key": "order", "value": {"intValue": "42"}} in request["attributes"]
    assert (job["kind"], job["status"]["code"]) == (5, 2)


def test_a_crash_is_reported_without_its_secrets(
    run: Callable[..., list[dict[str, Any]]], collector: Collector
) -> None:
    """The tracker gets the exception under the request's identifiers; no locals, no credentials."""
    program = """
secret = "hunter" + str(2)  # a report quotes the source
def work(password):
    raise RuntimeError(f"postgresql://web:{password}@db/web refused rbk_{password}{password}")
recording = recorder.begin("127.0.0.1", "order-42", None)
try:
    work(secret)
except RuntimeError as error:
    telemetry.report(error)
"""
    address = collector.address.replace("http://", "http://key@")
    run(program, SENTRY_DSN=f"{address}/1")
    deadline = time.monotonic() + 10
    while not collector.bodies and time.monotonic() < deadline:
        time.sleep(0.05)
    sent = b"".join(_unpacked(collector)).decode()
    assert "RuntimeError" in sent
    assert "order-42" in sent
    assert "hunter2" not in sent


def _unpacked(collector: Collector) -> Iterator[bytes]:
    for body, headers in zip(collector.bodies, collector.headers, strict=True):
        yield gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
