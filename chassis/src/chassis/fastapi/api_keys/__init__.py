"""API keys of producers, under `/v1/api-keys`.

A request presents one as `Authorization: Bearer rbk_…`. What was verified is remembered for up to
thirty seconds, so a revoked key dies everywhere within those.
"""
