"""Calls to other systems: when to try again, and when to leave a failing system alone."""
