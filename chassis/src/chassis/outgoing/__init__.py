"""Calls to other systems: retries and circuit breakers."""
