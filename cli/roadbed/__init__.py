"""Roadbed: a running repository from a plan, and the means to keep it following the plan."""
