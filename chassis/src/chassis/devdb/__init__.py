"""A real PostgreSQL for development and tests, without Docker and without setup.

Each checkout has its own server, reached by a Unix socket only. Processes share it: the first
starts it, the last one to leave stops it. It is never part of a runtime image, and refuses to
work in production.
"""

from chassis.devdb.cluster import Cluster
from chassis.devdb.errors import DevDbError
from chassis.devdb.sharing import available, programs, running, url

__all__ = ["Cluster", "DevDbError", "available", "programs", "running", "url"]
