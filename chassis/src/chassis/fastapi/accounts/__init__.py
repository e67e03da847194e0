"""Accounts of a service that owns them (`auth=local`): sign-in, sessions, codes by mail."""
