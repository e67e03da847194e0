"""The example domain: where a tenant wants to be told what happened. `just drop-example` removes it."""
