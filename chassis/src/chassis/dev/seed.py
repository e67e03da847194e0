"""`python -m chassis seed`: fill the development databases."""

import argparse

from chassis import devdb, migrate, processes
from chassis.service import Service


def run(service: Service, options: argparse.Namespace) -> None:
    """Run `manage.py seed` and `python -m api.seed`, where the service has them."""
    del options
    with devdb.available(service):
        migrate.upgrade(service)
        for half in service.halves:
            if command := processes.own(service, half, "seed"):
                processes.run(service, *command)
