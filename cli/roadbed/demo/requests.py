"""The requests of `roadbed demo` as data, and the client that sends them."""

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from urllib.parse import urlencode

from roadbed.errors import CouldNotRunError

PERSON = "priya@harbourfinch.example"
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True)
class Request:
    """One request and its expected answer.

    `path`, `form` and `body` may hold `{password}` or the `{name}` of an earlier `learn`.
    `shows` is a pattern that the answer must match; its first group is shown, and stored under the
    name `learn`. A `form` is posted with the CSRF token of the previous page. The request is
    repeated for up to `patience` seconds until the answer matches.
    """

    half: str
    method: str
    path: str
    status: int
    shows: str
    learn: str = ""
    form: Mapping[str, str] | None = None
    body: Mapping[str, object] | None = None
    token: bool = False
    patience: float = 0


@dataclass(frozen=True)
class Answer:
    """The answer to a request, and its duration."""

    request: Request
    status: int
    milliseconds: float
    short: str

    def row(self) -> tuple[str, ...]:
        """Return the answer as cells of a table."""
        call = f"{self.request.method} {self.request.path}"
        return self.request.half, call, str(self.status), f"{self.milliseconds:.0f} ms", self.short


def _health(half: str) -> tuple[Request, ...]:
    return (
        Request(half, "GET", "/livez", 200, r'"status": ?"(\w+)"'),
        Request(half, "GET", "/readyz", 200, r'"status": ?"(\w+)"'),
    )


PERMISSIONS = "endpoints:write events:write deliveries:read"
_ENDPOINT = {"url": "{receiver}/orders", "description": "The warehouse"}
_EVENT = {"type": "order.paid", "data": {"order": "L-1043", "total": "21.90"}}
_WEB = (
    *_health("web"),
    Request("web", "GET", "/accounts/login/", 200, r"<title>\s*(.*?)\s*</title>"),
    Request(
        "web",
        "POST",
        "/accounts/login/",
        302,
        r"Location: (\S+)",
        form={"login": PERSON, "password": "{password}"},
    ),
    Request("web", "GET", "/approvals/new", 200, r"<title>\s*(.*?)\s*</title>"),
    Request(
        "web",
        "POST",
        "/approvals/new",
        302,
        r"Location: /approvals/(\S+)",
        learn="approval",
        form={"title": "Standing desk", "amount": "480.00", "purpose": "A back that lasts."},
    ),
    Request("web", "GET", "/approvals/{approval}", 200, r"(Standing desk)"),
)
_API = (
    *_health("api"),
    Request("api", "GET", "/openapi.json", 200, r'"title": ?"(.*?)"'),
    Request("api", "POST", "/v1/endpoints", 401, r'"title": ?"(.*?)"', body=_ENDPOINT),
    Request(
        "api",
        "POST",
        "/v1/endpoints",
        201,
        r'"id": ?"([\w-]+)"',
        body=_ENDPOINT,
        token=True,
    ),
    Request(
        "api",
        "POST",
        "/v1/events",
        202,
        r'"id": ?"([\w-]+)"',
        learn="event",
        body=_EVENT,
        token=True,
    ),
    Request(
        "api",
        "GET",
        "/v1/deliveries?event_id={event}",
        200,
        r'"url": ?"[^"]*/orders".*?"state": ?"(delivered)"',
        token=True,
        patience=20,
    ),
)
DEMO_REQUESTS: Mapping[str, tuple[Request, ...]] = {
    "django-monolith": _WEB,
    "fastapi-service": _API,
    "hybrid": (*_WEB, *_API),
}


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A handler that does not follow redirects: they are answers to show."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


@dataclass
class Visitor:
    """A client that keeps cookies, the last page's CSRF token, and the learned values."""

    urls: Mapping[str, str]
    known: dict[str, str]
    token: str = ""
    _page: str = ""
    _jar: CookieJar = field(default_factory=CookieJar)

    def visit(self, request: Request) -> Answer:
        """Make the request; raises CouldNotRunError when the answer is not the expected one."""
        prepared = self._prepare(request)
        begun = time.perf_counter()
        status, text = self._fetch(prepared)
        match = re.search(request.shows, text, re.DOTALL)
        while not match and time.perf_counter() - begun < request.patience:
            time.sleep(_PAUSE_SECONDS)
            status, text = self._fetch(prepared)
            match = re.search(request.shows, text, re.DOTALL)
        spent = (time.perf_counter() - begun) * 1000
        if status != request.status or not match:
            raise CouldNotRunError(
                f"{request.method} {request.path} of the {request.half} half answered {status} "
                f"instead of {request.status}: {_excerpt(text)}"
            )
        if request.learn:
            self.known[request.learn] = match[1]
        self._page = text
        return Answer(request, status, spent, " ".join(match[1].split()))

    def _prepare(self, request: Request) -> urllib.request.Request:
        headers = {"Accept": "application/json, text/html"}
        data = None
        if request.form is not None:
            fields = {key: self._filled(value) for key, value in request.form.items()}
            data = urlencode({**fields, "csrfmiddlewaretoken": self._csrf()}).encode()
        if request.body is not None:
            data = self._filled(json.dumps(request.body)).encode()
            headers["Content-Type"] = "application/json"
        if request.token:
            headers["Authorization"] = f"Bearer {self.token}"
        url = self.urls[request.half] + self._filled(request.path)
        return urllib.request.Request(url, data, headers, method=request.method)  # noqa: S310

    def _fetch(self, asked: urllib.request.Request) -> tuple[int, str]:
        opener = urllib.request.build_opener(
            _NoRedirects,
            urllib.request.ProxyHandler({}),  # loopback, whatever the machine's proxy is
            urllib.request.HTTPCookieProcessor(self._jar),
        )
        try:
            with opener.open(asked, timeout=30) as answer:
                return answer.status, _text(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _text(error)
        except (OSError, http.client.HTTPException) as error:
            raise CouldNotRunError(f"{asked.full_url} did not answer: {error}.") from error

    def _filled(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda name: self.known[name[1]], text)

    def _csrf(self) -> str:
        match = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self._page)
        return match[1] if match else ""


def _text(answer: "http.client.HTTPResponse | urllib.error.HTTPError") -> str:
    location = answer.headers.get("Location")
    body: bytes = answer.read()
    return (f"Location: {location}\n" if location else "") + body.decode("utf-8", "replace")


def _excerpt(text: str) -> str:
    plain = " ".join(re.sub(r"<[^>]*>", " ", text).split())
    return plain[:200] or "an empty body"


def halves(requests: Sequence[Request]) -> tuple[str, ...]:
    """Return the halves that the requests go to, in order of their first request."""
    return tuple(dict.fromkeys(request.half for request in requests))
