"""`python -m chassis demo-data`: fill the development databases."""

import argparse

from chassis import devdb, migrate, processes
from chassis.service import Service


def run(service: Service, options: argparse.Namespace) -> None:
    """Run `manage.py demo_data` and `python -m api.demo_data`, where the service has them."""
    del options
    with devdb.available(service):
        migrate.upgrade(service)
        for half in service.halves:
            if command := processes.service_command(service, half, "demo_data"):
                processes.run(service, *command)
