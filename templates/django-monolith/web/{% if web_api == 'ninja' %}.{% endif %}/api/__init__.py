"""The API, at `/api/`; its operations are in `web/<app>/api.py`."""

requires = ("ninja",)
