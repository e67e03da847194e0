"""The example: where a tenant wants to be told of events. `just drop-example` removes it."""
