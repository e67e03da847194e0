"""The bare side's server: the same URLs and views, without the platform's middleware."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "web.bench.bare_settings"

application = get_wsgi_application()
