"""The API at `/api/`. Its operations are in `web/<app>/api.py`."""

requires = ("ninja",)
