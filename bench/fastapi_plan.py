"""The FastAPI plan: a service with the standards next to FastAPI alone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import callers
from plan import BARE, FULL, SAMPLED, Plan
from servers import Endpoint, Side, free_port

_READ = Endpoint("small authenticated read", "/bench/things/7")
_BODY = '{"name": "chair", "price": 9.5, "tags": ["a", "b"]}'


@contextmanager
def _sides(url: str, folder: Path, collectors: list[str]) -> Iterator[list[Side]]:
    issuer, jwks = callers.serve()
    callers.write(folder, issuer)
    trusted = [{"issuer": issuer, "audience": "api", "jwks_url": f"{issuer}/jwks.json"}]
    ours = {
        "LOG_FORMAT": "json",
        "TRUSTED_ISSUERS": json.dumps(trusted),
        "TRUSTED_PROXIES": "10.0.0.0/8",
    }
    sides = [Side(BARE, "api.bench.bare:app", {"DATABASE_URL": url})]
    for name, ratio, collector in zip((SAMPLED, FULL), ("0.01", "1.0"), collectors, strict=True):
        settings = {
            **ours,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
            "OTEL_TRACES_SAMPLER_ARG": ratio,
            "METRICS_PORT": str(free_port()),
        }
        sides.append(Side(name, "api.main:app", settings))
    try:
        yield sides
    finally:
        jwks.shutdown()


PLAN = Plan(
    half="api",
    endpoints=(
        Endpoint("hello", "/bench/hello"),
        _READ,
        Endpoint("database read", "/bench/rows/7"),
        Endpoint("POST", "/bench/items", "POST", _BODY),
    ),
    latency_of=_READ,
    limits={(_READ.name, SAMPLED): "0.45", (_READ.name, FULL): "0.95"},
    sides=_sides,
    about="""\
The service is `fastapi-service` as rendered, served by granian with one worker. The bare side is
FastAPI with the same endpoints on the same server, without identifiers, log, metrics, traces or
authentication. 95 % of the requests send one of 1,000 tokens, 4 % a token that was never seen
before, and 1 % a token that is refused.""",
)
