"""Second factors, sessions, impersonation: what the platform decides about people."""

from typing import Any

APPS = ("django.contrib.humanize", "allauth.mfa", "allauth.usersessions")
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
IMPERSONATION = "chassis.django.people.impersonation.ImpersonationMiddleware"
_MINUTES = 60


def install(settings: dict[str, Any]) -> None:
    """Add second factors, the list of sessions, impersonation; a setting of the team's own stays.

    Settings without `allauth.account` are left alone.
    """
    apps: list[str] = settings["INSTALLED_APPS"]
    if "allauth.account" not in apps:
        return
    place = apps.index("allauth.account") + 1
    apps[place:place] = [app for app in APPS if app not in apps]
    middleware: list[str] = settings.setdefault("MIDDLEWARE", [])
    if AUTHENTICATION in middleware and IMPERSONATION not in middleware:
        middleware.insert(middleware.index(AUTHENTICATION) + 1, IMPERSONATION)
    for name, value in _defaults(settings).items():
        settings.setdefault(name, value)


def _defaults(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "MFA_ADAPTER": "chassis.django.people.mfa.Adapter",
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        # one step of a clock that is fast or slow, as RFC 6238 (5.2) allows
        "MFA_TOTP_TOLERANCE": 1,
        "MFA_TOTP_ISSUER": settings["SERVICE"].name,
        # browsers speak WebAuthn over plain HTTP to localhost alone
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": settings.get("DEBUG", False),
        "ACCOUNT_REAUTHENTICATION_REQUIRED": True,
        # never a code by mail, allauth's third way: it would stand in for a second factor
        "ACCOUNT_REAUTHENTICATION_METHODS": ["password", "mfa"],
        "ACCOUNT_REAUTHENTICATION_TIMEOUT": 5 * _MINUTES,
    }
