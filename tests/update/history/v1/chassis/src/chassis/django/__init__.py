"""The Django half of the chassis."""
