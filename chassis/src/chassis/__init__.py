"""The cross-cutting half of a service, the same for Django and FastAPI.

The modules here import no framework; `chassis.django` and `chassis.fastapi` are the adapters.
`chassis.devdb`, `chassis.dev` and `chassis.testing` serve development and are never imported
by a process that runs in production.
"""
