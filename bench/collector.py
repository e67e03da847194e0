"""A collector that counts the spans it receives and answers `GET /` with their number."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Counts a text that each span contains once."""

    protocol_version = "HTTP/1.1"
    spans = 0

    def do_POST(self) -> None:
        """Count the spans of a batch."""
        body = self.rfile.read(int(self.headers["content-length"]))
        Handler.spans += body.count(b'"startTimeUnixNano"')
        self._answer(b"{}")

    def do_GET(self) -> None:
        """Answer the number of spans."""
        self._answer(str(Handler.spans).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
