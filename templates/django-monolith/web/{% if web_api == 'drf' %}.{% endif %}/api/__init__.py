"""The API at `/api/`. Its operations are in `web/<app>/api.py`."""

requires = ("rest_framework", "drf_spectacular")
