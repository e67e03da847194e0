"""The API: a folder per domain, each with routes, schemas, models and a service."""
