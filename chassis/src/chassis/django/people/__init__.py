"""Accounts, sign-in, roles, invitations and support: who signs in, and what they may do."""
