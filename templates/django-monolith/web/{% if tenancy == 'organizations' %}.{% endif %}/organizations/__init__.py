"""Organisations: the tenants, and who belongs to which."""
