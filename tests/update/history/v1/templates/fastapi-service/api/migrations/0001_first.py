"""The first tables."""

revision = "0001"
