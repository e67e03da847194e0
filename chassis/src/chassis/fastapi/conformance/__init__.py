"""The rules of an API that run in a service's own suite; `suite` has the tests and fixtures."""
