"""The API: one folder for each domain, with routes, schemas, models and a service."""
