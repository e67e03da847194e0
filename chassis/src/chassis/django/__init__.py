"""What a Django half takes from the chassis; with `chassis.fastapi` the only place for a framework.

`web/settings.py` and `web/urls.py` import from here; middleware and apps are named by their path:
`chassis.django`, `chassis.django.apps.AdminConfig`, `chassis.django.middleware.RequestMiddleware`
and `.LoginRequiredMiddleware`. Code that needs the models imports `chassis.django.audit`.
"""

from chassis.django.database import database
from chassis.django.discovery import discover, discover_apps, discover_urls
from chassis.django.plans import install

__all__ = ["database", "discover", "discover_apps", "discover_urls", "install"]
