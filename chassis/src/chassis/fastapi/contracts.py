"""The contracts that clients are generated from; `just generate` writes them, and they are
committed."""

import json

from chassis.fastapi.app import Application

OPENAPI = "contracts/api.openapi.json"
GRAPHQL = "contracts/api.graphql"


def rendered(app: Application) -> dict[str, str]:
    """Return the text of each contract of `app` by its path; the same code gives the same bytes.

    Raises RouteError for a route that may not be started with.
    """
    app.check()
    openapi = json.dumps(app.openapi(), indent=2, sort_keys=True, ensure_ascii=False)
    files = {OPENAPI: f"{openapi}\n"}
    if (app.platform.service.root / "api" / "graphql").is_dir():
        # only here: the extra is installed where GraphQL was chosen
        from chassis.fastapi.graphql.schema import schema  # noqa: PLC0415

        files[GRAPHQL] = f"{schema('api').as_str()}\n"
    return files
