"""Log lines as a collector reads them."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
import structlog

from chassis import logs
from chassis.settings import ServiceSettings
from conftest import make_service


class Settings(ServiceSettings):
    """The least that a half needs."""

    half: ClassVar[Literal["web"]] = "web"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Give logging back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    logs.clear()


class Output:
    """What the service wrote."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def text(self) -> str:
        """Everything, as it was written."""
        return self._capsys.readouterr().out

    def lines(self) -> list[dict[str, Any]]:
        """Every line as JSON."""
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Output:
    """Configure a service's logs."""
    service = make_service(tmp_path / "s", "web")
    logs.configure(Settings.load(service), service)
    return Output(capsys)


def test_a_request_is_one_line(output: Output) -> None:
    """The access line has the same fields in every service."""
    logs.bind_request(request_id="r" * 8, trace_id="t" * 32)
    logs.access(method="GET", route="/orders/{id}", status=200, duration_ms=12.3)
    (line,) = output.lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("timestamp"))
    assert line == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "route": "/orders/{id}",
        "status": 200,
        "duration_ms": 12.3,
        "request_id": "rrrrrrrr",
        "trace_id": "t" * 32,
        "service": "orders",
        "version": "1.2.3",
    }


def test_the_standard_library_writes_the_same_lines(output: Output) -> None:
    """Libraries log through ``logging``; a collector sees one format."""
    logs.bind_request(request_id="r" * 8, trace_id="t" * 32)
    logging.getLogger("library").warning("%d rows were odd", 3)
    (line,) = output.lines()
    assert line["event"] == "3 rows were odd"
    assert (line["logger"], line["level"]) == ("library", "warning")
    assert (line["request_id"], line["service"]) == ("rrrrrrrr", "orders")


def test_a_cleared_request_is_forgotten(output: Output) -> None:
    """The next request on this thread has identifiers of its own."""
    logs.bind_request(request_id="r" * 8, trace_id="t" * 32)
    logs.clear()
    structlog.get_logger().info("later")
    assert "request_id" not in output.lines()[0]


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "new_password",
        "Passwd",
        "access_token",
        "csrftoken",
        "client_secret",
        "Authorization",
        "Set-Cookie",
        "api_key",
        "X-Api-Key",
        "private_key",
        "credentials",
        "sessionid",
        "database_url",
    ],
)
def test_a_secret_is_redacted_by_its_key(output: Output, key: str) -> None:
    """Whatever sits under such a key stays out of the log, at any depth."""
    structlog.get_logger().info("login", **{key: "hunter2"})
    structlog.get_logger().info("login", nested={"list": [{key: "hunter2"}]})
    logging.getLogger("library").info("login", extra={key: "hunter2"})
    assert "hunter2" not in output.text()


@pytest.mark.parametrize(
    "text",
    [
        "cannot reach postgresql://web:hunter2@db/web",
        "sent Authorization: Bearer hunter2.hunter2.hunter2",
        "cannot refresh rbr_hunter2hunter2",
    ],
)
def test_a_secret_inside_a_text_is_redacted(output: Output, text: str) -> None:
    """Errors quote addresses and headers."""
    structlog.get_logger().info(text)
    logging.getLogger("library").info(text)
    try:
        raise RuntimeError(text)
    except RuntimeError:
        structlog.get_logger().exception("failed")
    written = output.text()
    assert "hunter2" not in written
    assert written.count(logs.REDACTED) >= 3


def test_a_traceback_is_one_line(output: Output) -> None:
    """A line break inside a line would be two events to a collector."""
    try:
        raise ZeroDivisionError("division\nby zero")
    except ZeroDivisionError:
        structlog.get_logger().exception("failed")
        logging.getLogger("library").exception("failed")
    first, second = output.lines()
    assert "ZeroDivisionError: division\nby zero" in first["exception"]
    assert "ZeroDivisionError: division\nby zero" in second["exception"]


def test_anything_can_be_logged(output: Output) -> None:
    """A log call never fails, whatever it is given."""
    structlog.get_logger().info("odd", value=object(), surrogate="\udc80", nul="\0", path=Path("/"))
    assert output.lines()[0]["event"] == "odd"


def test_the_level_is_a_threshold_for_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``LOG_LEVEL`` holds for structlog and the standard library."""
    monkeypatch.setenv("LOG_LEVEL", "WARNING")
    service = make_service(tmp_path / "s", "web")
    logs.configure(Settings.load(service), service)
    structlog.get_logger().info("quiet")
    logging.getLogger("library").info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in Output(capsys).lines()] == ["loud"]


def test_development_reads_like_a_console(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person reads these lines, and secrets stay out of them too."""
    monkeypatch.setenv("LOG_FORMAT", "console")
    service = make_service(tmp_path / "s", "web")
    logs.configure(Settings.load(service), service)
    structlog.get_logger().info("hello", password="hunter2")
    text = Output(capsys).text()
    assert "hello" in text
    assert "hunter2" not in text
    assert not text.startswith("{")


def test_a_traceback_on_the_console_shows_no_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only lines of code are shown, though rich is installed; credentials in them are hidden."""
    monkeypatch.setenv("LOG_FORMAT", "console")
    service = make_service(tmp_path / "s", "web")
    logs.configure(Settings.load(service), service)
    local = "".join(["hun", "ter2"])
    try:
        raise RuntimeError("postgresql://u:hun%s@h/d" % "ter2", len(local))  # noqa: UP031
    except RuntimeError:
        structlog.get_logger().exception("failed")
    text = Output(capsys).text()
    assert "Traceback (most recent call last)" in text
    assert "hunter2" not in text


def test_configuring_twice_writes_once(
    output: Output, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An application made twice logs once, and a test runner still sees the records."""
    again = make_service(tmp_path / "again", "web")
    logging.getLogger().addHandler(logging.StreamHandler())
    logs.configure(Settings.load(again), again)
    logging.getLogger("library").warning("once")
    assert [line["event"] for line in output.lines()] == ["once"]
    assert len(caplog.records) == 1


def test_servers_write_no_second_access_log(output: Output) -> None:
    """One line per request; a server's own would double it."""
    for name in ("uvicorn.access", "granian.access", "django.server"):
        logging.getLogger(name).error("GET /")
    assert output.text() == ""
