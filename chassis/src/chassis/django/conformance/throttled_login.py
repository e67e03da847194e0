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
from chassis.django.conformance.system_under_test import SystemUnderTest, undone, visitor

_FAST = "django.contrib.auth.hashers.MD5PasswordHasher"
_PASSWORD = re.compile(r'type="password"')
_GUESSES = 30
_NAME = "guessed@example.com"
_RIGHT, _WRONG = "the right phrase of somebody", "another phrase"  # of one test


class ThrottledLogin(SyncRule[SystemUnderTest]):
    """Whoever guesses passwords is stopped, at every form that signs people in."""

    id = "AUTH004"
    level = Level.BRONZE

    @override
    def check(self, system: SystemUnderTest) -> Iterator[Finding]:
        """Sign people in by allauth's views, whose limits are `ACCOUNT_RATE_LIMITS`, counted in a
        cache that all processes share. A form of your own that takes a password goes. That of
        `LOGIN_URL` has to let in whoever fills in address and password, or the rule tries nothing.
        """
        with override_settings(PASSWORD_HASHERS=[_FAST]):
            for path, route in system.reachable:
                page = visitor().get(path) if system.is_public(route) else None
                text = page.content.decode(errors="replace") if page else ""
                if _PASSWORD.search(text):
                    yield from _guess(route, path, fields(text))


def _guess(route: Route, path: str, names: Iterable[str]) -> Iterator[Finding]:
    with undone():
        _somebody()
        if not _enters(path, names, _RIGHT):
            # any other form may ask for a password in order to do something else
            if path == resolve_url(settings.LOGIN_URL):
                seen = "did not let somebody in with the right password, so nothing could be tried"
                yield Finding(f"POST {route.template}", seen)
            return
    with undone():
        _somebody()
        for _ in range(_GUESSES):
            _enters(path, names, _WRONG)
        if _enters(path, names, _RIGHT):
            seen = f"let somebody in after {_GUESSES} wrong passwords"
            yield Finding(f"POST {route.template}", seen)


def _somebody() -> None:
    people = get_user_model()
    person = people(**{str(people.USERNAME_FIELD): _NAME})
    person.set_password(_RIGHT)
    person.save()
    EmailAddress.objects.create(user=person, email=_NAME, verified=True)


def _enters(path: str, names: Iterable[str], password: str) -> bool:
    browser = visitor()
    form = {name: password if "password" in name else _NAME for name in names}
    browser.post(path, form)
    return "_auth_user_id" in browser.session
