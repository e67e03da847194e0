"""The chassis of a synthetic service."""
