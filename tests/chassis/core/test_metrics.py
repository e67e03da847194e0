"""Metrics on a port of their own, from one worker and from several."""

import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from collector import SETUP
from conftest import make_service


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


SERVE_METRICS = """
serve(); serve(404)
logs.flush()
print('{"event": "ready"}', flush=True)
sys.stdin.read()
os._exit(0)
"""


def _server(folder: Path, **variables: str) -> tuple[subprocess.Popen[str], list[str]]:
    """Start a process that has served twice; return it and the events it logged."""
    if not folder.exists():
        make_service(folder, "api")
    environment = {"ENVIRONMENT": "production", "DATABASE_URL": "postgresql://a@h/a", **variables}
    process = subprocess.Popen(
        [sys.executable, "-c", SETUP + SERVE_METRICS],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    events = [""]
    while events[-1] != "ready":
        events.append(json.loads(process.stdout.readline())["event"])
    return process, events


def _scrape(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def counts(text: str) -> dict[str, float]:
    """Give how many requests a scrape has, by status."""
    return {
        sample.labels["http_response_status_code"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "http_server_request_duration_seconds_count"
    }


def test_metrics_are_on_a_port_of_their_own(tmp_path: Path) -> None:
    """Prometheus reads the conventions' histogram there, in seconds."""
    port = free_port()
    process, _ = _server(tmp_path / "s", METRICS_PORT=str(port))
    with process:
        text = _scrape(port)
        process.communicate("", timeout=10)
    assert counts(text) == {"200": 1, "404": 1}
    (family,) = [
        family
        for family in text_string_to_metric_families(text)
        if family.name == "http_server_request_duration_seconds"
    ]
    (first, *_) = [sample for sample in family.samples if sample.name.endswith("_bucket")]
    assert (first.labels["le"], first.value) == ("0.005", 1)
    assert first.labels["http_request_method"] == "GET"
    assert first.labels["http_route"] == "/things/{id}"


def test_every_worker_answers_for_all(tmp_path: Path) -> None:
    """Two processes share the port and the folder, and whoever is asked gives their sum."""
    (tmp_path / "shared").mkdir()
    port = free_port()
    given = {"METRICS_PORT": str(port), "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "shared")}
    (first, _), (second, _) = (_server(tmp_path / "s", **given) for _ in range(2))
    with first, second:
        texts = [_scrape(port) for _ in range(4)]
        for process in (first, second):
            process.communicate("", timeout=10)
    assert [counts(text) for text in texts] == [{"200": 2, "404": 2}] * 4


def test_a_second_worker_says_what_it_needs(tmp_path: Path) -> None:
    """Without the shared folder only one process can be scraped, which the log says; the service
    serves all the same."""
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        process, events = _server(tmp_path / "s", METRICS_PORT=str(taken.getsockname()[1]))
        process.communicate("", timeout=10)
    assert "metrics_not_served" in events
    assert events.count("request") == 2
