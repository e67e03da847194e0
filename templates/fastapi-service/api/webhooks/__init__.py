"""The example: a tenant is told of its events, signed and at least once. `just drop-example`
removes it."""
