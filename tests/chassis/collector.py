"""An endpoint for what a process exports, and a process that serves without a server."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SETUP = """
import os, sys
from typing import ClassVar
from chassis import logs, service, telemetry
from chassis.settings import ServiceSettings
from chassis.telemetry.requests import Recorder
class Settings(ServiceSettings):
    half: ClassVar = "api"
found = service.load()
settings = Settings.load(found)
logs.configure(settings, found)
telemetry.start(settings, found)
recorder = Recorder(["127.0.0.1"])
def serve(status=200, traceparent=None, inside=lambda: None):
    recording = recorder.begin("127.0.0.1", None, traceparent)
    inside()
    recording.finish(method="GET", route="/things/{id}", status=status, seconds=0.004,
                     first_byte_seconds=None, received=0, sent=2, outcome="complete", scheme="http")
    recording.close()
"""


class Collector:
    """An endpoint that keeps what it is sent and answers with ``status``."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        keep = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["content-length"] or 0)
                keep.bodies.append(self.rfile.read(size))
                keep.headers.append({k.lower(): v for k, v in self.headers.items()})
                self.send_response(keep.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def spans(self) -> list[dict[str, Any]]:
        """Every span, in the order of arrival."""
        return [
            span
            for body in self.bodies
            for resource in json.loads(body)["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]
