"""The endpoints that are measured, with the standards."""
