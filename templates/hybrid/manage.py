#!/usr/bin/env python
"""Django's command line: `uv run manage.py COMMAND`."""

import sys

from chassis.django.management import execute

if __name__ == "__main__":
    execute(sys.argv)
