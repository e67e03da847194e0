"""Webhooks: events delivered signed, to addresses that may be called, at least once.

`signing` speaks Standard Webhooks, `keys` keeps secrets encrypted, `settings` is what a
service configures, `sender` makes one safe call, `delivery` drives it all over a queue that the
service's domain owns. Retries and circuit breakers are in `chassis.outgoing`.
"""
