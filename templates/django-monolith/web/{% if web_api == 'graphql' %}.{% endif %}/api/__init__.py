"""The API at `/api/graphql`. Its operations are in `web/<app>/api.py`."""

requires = ("strawberry_django",)
