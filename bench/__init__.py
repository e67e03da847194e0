"""Benchmarks of the standards' cost: a rendered service against the same endpoints without them."""
