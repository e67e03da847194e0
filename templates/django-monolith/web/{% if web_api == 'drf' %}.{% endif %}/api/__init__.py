"""The API, at `/api/`; its operations are in `web/<app>/api.py`."""

requires = ("rest_framework", "drf_spectacular")
