"""The API, at `/api/graphql`; its operations are in `web/<app>/api.py`."""

requires = ("strawberry_django",)
