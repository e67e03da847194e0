"""AUTH004."""

import re
from collections.abc import Iterable, Iterator
from typing import override

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import get_user_model
from django.shortcuts import resolve_url
from django.test import override_settings

from chassis.conformance import Finding, Level, SyncRule
from chassis.django.conformance.routes import Route, fields
from chassis.django.conformance.system_under_test import (
    SystemUnderTest,
    anonymous_client,
    rolled_back,
)

_FAST = "django.contrib.auth.hashers.MD5PasswordHasher"
_PASSWORD = re.compile(r'type="password"')
_GUESSES = 30
_NAME = "guessed@example.com"
_RIGHT, _WRONG = "the right phrase of the user", "another phrase"  # of this rule only


class ThrottledLogin(SyncRule[SystemUnderTest]):
    """Every sign-in form stops a client that guesses passwords."""

    id = "AUTH004"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Use allauth's views to sign people in. Their limits are in `ACCOUNT_RATE_LIMITS` and are
        counted in a cache that all processes share. Remove forms of your own that take a password.
        The form at `LOGIN_URL` must accept an address and a password; otherwise the rule cannot
        test it.
        """
        with override_settings(PASSWORD_HASHERS=[_FAST]):
            for path, route in system.reachable:
                page = anonymous_client().get(path) if system.is_public(route) else None
                text = page.content.decode(errors="replace") if page else ""
                if _PASSWORD.search(text):
                    yield from _guess(route, path, fields(text))


def _guess(route: Route, path: str, names: Iterable[str]) -> Iterator[Finding]:
    with rolled_back():
        _create_user()
        if not _can_sign_in(path, names, _RIGHT):
            # another form may ask for a password for a different purpose
            if path == resolve_url(settings.LOGIN_URL):
                message = "did not accept the right password, so the limit could not be tested"
                yield Finding(f"POST {route.template}", message)
            return
    with rolled_back():
        _create_user()
        for _ in range(_GUESSES):
            _can_sign_in(path, names, _WRONG)
        if _can_sign_in(path, names, _RIGHT):
            message = f"accepted the right password after {_GUESSES} wrong ones"
            yield Finding(f"POST {route.template}", message)


def _create_user() -> None:
    user_model = get_user_model()
    user = user_model(**{str(user_model.USERNAME_FIELD): _NAME})
    user.set_password(_RIGHT)
    user.save()
    EmailAddress.objects.create(user=user, email=_NAME, verified=True)


def _can_sign_in(path: str, names: Iterable[str], password: str) -> bool:
    client = anonymous_client()
    form = {name: password if "password" in name else _NAME for name in names}
    client.post(path, form)
    return "_auth_user_id" in client.session
