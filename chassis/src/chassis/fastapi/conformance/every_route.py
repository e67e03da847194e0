"""Requests to every route that is not public, websockets and mounts included."""

from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus

from starlette.types import Message, Scope

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.system_under_test import SystemUnderTest, filled

REFUSED = HTTPStatus.UNAUTHORIZED.value
_POLICY_VIOLATION = 1008  # RFC 6455: how a websocket is closed whose server cannot answer 401


async def request_every_route(
    system: SystemUnderTest, *, headers: Mapping[str, str]
) -> AsyncIterator[tuple[str, int]]:
    """Yield each operation's name and the status with which it answered; a websocket that was
    opened counts as 101."""
    for entry in system.routes:
        url = filled(entry.template)
        if not entry.methods:
            yield f"WEBSOCKET {entry.template}", await _open(system.app, url, headers)
        for method in sorted(entry.methods or {"GET"}):
            if (method, entry.template) not in system.app.platform.public:
                answer = await system.client.request(method, url, headers=headers)
                yield f"{method} {entry.template}", answer.status_code


async def _open(app: Application, path: str, headers: Mapping[str, str]) -> int:
    """Try to open a websocket, as a server that can answer with a status would."""
    answers: list[Message] = []
    questions = iter([{"type": "websocket.connect"}])

    async def receive() -> Message:
        return next(questions, {"type": "websocket.disconnect", "code": 1000})

    async def send(message: Message) -> None:
        answers.append(message)

    await app(_scope(path, headers), receive, send)
    return _status(answers[0]) if answers else HTTPStatus.FORBIDDEN.value


def _status(answer: Message) -> int:
    match answer["type"]:
        case "websocket.accept":
            return HTTPStatus.SWITCHING_PROTOCOLS.value
        case "websocket.close" if answer.get("code") == _POLICY_VIOLATION:
            return REFUSED
        case "websocket.close":
            return HTTPStatus.FORBIDDEN.value
    return int(answer["status"])


def _scope(path: str, headers: Mapping[str, str]) -> Scope:
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("test", 80),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
