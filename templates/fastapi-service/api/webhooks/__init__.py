"""The example: signed webhooks for the events of a tenant, delivered at least once.

`just drop-example` removes it.
"""
