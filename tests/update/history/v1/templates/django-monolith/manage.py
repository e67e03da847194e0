#!/usr/bin/env python
"""Run a command."""

print("manage")  # noqa: T201
