"""SEC002."""

from collections.abc import Iterator
from typing import override

from django.conf import settings

from chassis.conformance import Finding, Level, SyncRule, secrets
from chassis.django.conformance.system_under_test import SystemUnderTest


class PlaceholderSecrets(SyncRule[SystemUnderTest]):
    """No placeholder secret starts outside development."""

    id = "SEC002"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Type the setting as `Secret`, with `development_secret("name")` as its default: it is
        refused in production, short and placeholder values likewise.
        """
        for name in secrets.kept_defaults(type(settings.ENV)):
            yield Finding(name.upper(), "keeps its development default in production")
