"""Conformance tests: rules that run inside a service's own test suite, against the real app.

A static check reads files; these check the behavior of the running service. A rule is a class in a
file named after it: the class's docstring is its title, that of `check` its remedy.
"""

from chassis.conformance.report import Report
from chassis.conformance.rule import Finding, Level, Rule, Standard, SyncRule, sentence

__all__ = ["Finding", "Level", "Report", "Rule", "Standard", "SyncRule", "sentence"]
