"""A new service from a plan."""
