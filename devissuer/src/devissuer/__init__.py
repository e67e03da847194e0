"""A token issuer for development: it signs whatever it is asked to, so it serves this machine only.

Verifiers refuse its loopback address outside development, and no image contains it.
"""
