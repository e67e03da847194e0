"""The difference between a service and its template."""
