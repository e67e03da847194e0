"""Shared parts of a Django half's APIs, and adapters for Ninja, REST framework and GraphQL."""
