"""The interactive API page at `/docs`, without a CDN and under a strict content policy.

Swagger UI's files come from the distribution `fastapi-offline`, which only development and tests
install; where it is missing, as in an image, the page does not exist.
"""

from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

OPENAPI = "/openapi.json"
_ASSETS = Path(__file__).parent / "assets"
_SWAGGER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css")
PATHS = frozenset(
    {OPENAPI, "/docs", "/docs/start.js", *(f"/docs/{name}" for name in _SWAGGER_FILES)}
)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def install(app: FastAPI) -> None:
    """Add `/docs` and its files, if Swagger UI is installed."""
    folder = _swagger_ui()
    if folder is None:
        return
    files = {"start.js": _ASSETS / "start.js", **{name: folder / name for name in _SWAGGER_FILES}}
    page = (_ASSETS / "docs.html").read_text(encoding="utf-8")

    async def show(_request: Request) -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})

    async def serve(request: Request) -> Response:
        return FileResponse(files[request.url.path.rpartition("/")[2]])

    app.add_route("/docs", show, include_in_schema=False)
    for name in files:
        app.add_route(f"/docs/{name}", serve, include_in_schema=False)


def _swagger_ui() -> Path | None:
    """Return the folder of Swagger UI, or None, without importing the package."""
    spec = find_spec("fastapi_offline")
    return Path(spec.origin).parent / "static" if spec and spec.origin else None
