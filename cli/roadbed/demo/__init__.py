"""A temporary service that the demo starts and requests."""
