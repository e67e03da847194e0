"""Uploads, where they are stored, and exports."""
