"""SEC002."""

from collections.abc import Iterator
from typing import override

from django.conf import settings

from chassis.conformance import Finding, Level, SyncRule, secrets
from chassis.django.conformance.system_under_test import SystemUnderTest


class PlaceholderSecrets(SyncRule[SystemUnderTest]):
    """The service does not start with a placeholder secret outside development."""

    id = "SEC002"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Type the setting as `Secret`, with `development_secret("name")` as its default.
        Production refuses this default, and also short values and placeholders.
        """
        for name in secrets.kept_defaults(type(settings.ENV)):
            yield Finding(name.upper(), "keeps its development default in production")
