"""Figures of our own code: names, prose, sizes and import cycles."""
