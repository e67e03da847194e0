"""The chassis for FastAPI, a folder for each capability.

`api/main.py` makes an `Application` (`app`) and includes the routers it finds
(`requests.routers`); a route takes `Session` (`data.db`) and `requires("permission")`
(`security.permissions`).
"""
