"""A stand-in for both halves: it answers as they do, from one process, without a database."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs

FORM = '<title>Form</title><input name="csrfmiddlewaretoken" value="secret">'


class Handler(BaseHTTPRequestHandler):
    """The addresses that the demo visits."""

    asked = False
    sent: ClassVar[dict[str, object]] = {}

    def do_GET(self) -> None:
        pages = {
            "/livez": '{"status": "ok"}',
            "/readyz": '{"status": "ready"}',
            "/accounts/login/": FORM,
            "/approvals/new": FORM,
            "/approvals/7": "<h1>Standing desk</h1>",
            "/openapi.json": '{"info": {"title": "Orders"}}',
            "/v1/deliveries?event_id=9": self.delivery(),
        }
        self.answer(200 if self.path in pages else 404, pages.get(self.path, "nothing here"))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/v1/endpoints":
            self.made(201, "8", body)
        elif self.path == "/v1/events":
            self.made(202, "9", body)
        elif parse_qs(body).get("csrfmiddlewaretoken") != ["secret"]:
            self.answer(403, "no CSRF token")
        else:
            self.answer(302, "", Location="/" if "login" in self.path else "/approvals/7")

    def made(self, status: int, name: str, body: str) -> None:
        if self.headers["Authorization"] != "Bearer a.b.c":
            self.answer(401, '{"title": "Unauthorized"}')
        else:
            Handler.sent |= json.loads(body)
            self.answer(status, json.dumps({"id": name, **json.loads(body)}))

    def delivery(self) -> str:
        """On its way when it is asked about first, then delivered."""
        state = "delivered" if Handler.asked else "pending"
        Handler.asked = self.path.startswith("/v1/deliveries")
        return json.dumps({"url": Handler.sent.get("url"), "state": state})

    def answer(self, status: int, body: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())


if __name__ == "__main__":
    print("serving", flush=True)
    if "BREAK" in os.environ:
        raise SystemExit("the database is on fire")
    for name in ("WEB_PORT", "API_PORT"):
        server = ThreadingHTTPServer(("127.0.0.1", int(os.environ[name])), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Event().wait()
