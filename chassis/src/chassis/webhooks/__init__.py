"""Webhooks: signed events, delivered at least once, to allowed addresses.

`signing` implements Standard Webhooks, `keys` encrypts secrets, `settings` holds the configuration,
`sender` makes one safe call, `delivery` processes a queue that the service's domain owns. Retries
and circuit breakers are in `chassis.outgoing`.
"""
