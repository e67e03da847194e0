"""A stand-in for both halves: it answers as they do, from one process, without a database."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

FORM = '<title>Form</title><input name="csrfmiddlewaretoken" value="secret">'


class Handler(BaseHTTPRequestHandler):
    """The addresses that the demo visits."""

    def do_GET(self) -> None:
        pages = {
            "/livez": '{"status": "ok"}',
            "/readyz": '{"status": "ready"}',
            "/accounts/login/": FORM,
            "/approvals/new": FORM,
            "/approvals/7": "<h1>Standing desk</h1>",
            "/openapi.json": '{"info": {"title": "Orders"}}',
            "/v1/endpoints/8": '{"url": "https://hooks.example.com/orders"}',
        }
        self.answer(200 if self.path in pages else 404, pages.get(self.path, "nothing here"))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/v1/endpoints":
            self.endpoint(json.loads(body))
        elif parse_qs(body).get("csrfmiddlewaretoken") != ["secret"]:
            self.answer(403, "no CSRF token")
        else:
            self.answer(302, "", Location="/" if "login" in self.path else "/approvals/7")

    def endpoint(self, body: dict[str, object]) -> None:
        if self.headers["Authorization"] != "Bearer a.b.c":
            self.answer(401, '{"title": "Unauthorized"}')
        else:
            self.answer(201, json.dumps({"id": "8", **body}))

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
