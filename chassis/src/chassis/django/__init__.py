"""The chassis modules for `web/`, the Django half, grouped by capability.

`web/settings.py` names the app `chassis.django` and, by their paths, its middleware and backends;
code imports each module by its full path: `from chassis.django.people.roles import require`.
"""
