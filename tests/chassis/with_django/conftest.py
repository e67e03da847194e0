"""A small Django site with everything that the adapter gives, and a database for it."""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import django
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import TemplateView

from chassis import testing
from chassis.django.back_office import theme
from chassis.django.database import database
from chassis.django.identity.settings import IdentitySettings, signing_keys
from chassis.django.people import sso
from chassis.django.people.roles import require
from chassis.problems import ProblemError
from chassis.service import Service
from chassis.settings import Secret, ServiceSettings

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TENANT = UUID("8a1c0f2e-6a57-4a2f-9a3f-0d4c5e6f7a8b")
_APPS = [
    "chassis.django",
    "chassis.django.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "allauth",
    "allauth.account",
    "django.contrib.humanize",
    "allauth.mfa",
    "allauth.usersessions",
    *sso.APPS,
    "allauth.idp.oidc",
]
_MIDDLEWARE = [
    "chassis.django.middleware.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "chassis.django.people.impersonation.ImpersonationMiddleware",
    "chassis.django.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
_TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def _identity_keys() -> list[dict[str, Any]]:
    def pem() -> str:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    env = IdentitySettings.model_construct(oidc_signing_keys=Secret(pem() + pem()))
    return signing_keys(env, SimpleNamespace(root=None))  # type: ignore[arg-type]


def private(_request: HttpRequest) -> HttpResponse:
    """A page that nobody marked."""
    return HttpResponse("private")


def export(_request: HttpRequest) -> HttpResponse:
    """A page that takes data away."""
    return HttpResponse("export")


def make_key(_request: HttpRequest) -> HttpResponse:
    """A page that makes a credential."""
    return HttpResponse("key")


def whoami(request: HttpRequest) -> HttpResponse:
    """Who the site takes this for, and something worth recording."""
    from chassis.django.audit.trail import record  # noqa: PLC0415 - needs the models

    record("thing.done")
    return HttpResponse(getattr(request.user, "username", ""))


@login_not_required
def public(request: HttpRequest, what: str) -> HttpResponse:
    """Anything a view can do, by name."""
    match what:
        case "crash":
            raise RuntimeError("the password is hunter2")
        case "refuse":
            raise ProblemError(409, "taken", "Somebody was faster.", headers={"Retry-After": "3"})
        case "missing":
            raise Http404("nothing")
        case "database":
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
    return HttpResponse(request.method)


def tenant_of(user: "User") -> UUID:
    """The tenant of everybody here."""
    return TENANT


class Urls:
    """The site's addresses, known once Django is set up."""

    urlpatterns: ClassVar[list[URLPattern | URLResolver]] = []


def _configure() -> None:
    framed: dict[str, Any] = {"INSTALLED_APPS": _APPS}
    theme.install(framed)
    settings.configure(
        **framed,
        SECRET_KEY="of-tests",
        SERVICE=SimpleNamespace(name="orders", version="1"),
        ENV=ServiceSettings.model_construct(trusted_proxies=("127.0.0.0/8",)),
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF=Urls,
        MIDDLEWARE=_MIDDLEWARE,
        AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        TEMPLATES=_TEMPLATES,
        DATABASES={"default": database("postgresql://web@/web")},
        CACHES={
            "default": {
                "BACKEND": "django.core.cache.backends.db.DatabaseCache",
                "LOCATION": "django_cache",
            }
        },
        LOGIN_URL="/accounts/login/",
        STATIC_URL="/static/",
        TASKS={"default": {"BACKEND": "chassis.django.jobs.tasks.Backend", "QUEUES": []}},
        MAILERS={"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}},
        ACCOUNT_ADAPTER="chassis.django.people.adapters.AccountAdapter",
        ACCOUNT_REAUTHENTICATION_METHODS=["password", "mfa"],
        MFA_ADAPTER="chassis.django.people.mfa.Adapter",
        MFA_SUPPORTED_TYPES=["totp", "webauthn", "recovery_codes"],
        MFA_PASSKEY_LOGIN_ENABLED=True,
        MFA_TOTP_TOLERANCE=1,
        SOCIALACCOUNT_ADAPTER="chassis.django.people.adapters.SocialAccountAdapter",
        SOCIALACCOUNT_EMAIL_AUTHENTICATION=True,
        SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT=True,
        SOCIALACCOUNT_PROVIDERS={"openid_connect": {"APPS": []}},
        OIDC_ISSUER="https://orders.example.com",
        TENANT_OF=f"{__name__}.tenant_of",
        ONLY_TENANT="chassis.auth.SINGLE_TENANT",
        SCOPES_OF="chassis.django.identity.adapter.scopes_of",
        IDP_OIDC_ADAPTER="chassis.django.identity.adapter.Adapter",
        IDP_OIDC_ACCESS_TOKEN_FORMAT="jwt",
        IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN=300,
        IDP_OIDC_PRIVATE_KEYS=_identity_keys(),
    )
    django.setup()
    _add_urls()


def _add_urls() -> None:
    from chassis.django.people import impersonation  # noqa: PLC0415 - needs the models

    Urls.urlpatterns = [
        path("accounts/", include("allauth.account.urls")),
        path("admin/", admin.site.urls),
        path("", include("chassis.django.urls")),
        path("private", private),
        path("export", require("things:export")(export)),
        path("key", impersonation.blocked(make_key)),
        path("whoami", whoami),
        path("banner", TemplateView.as_view(template_name="base.html")),
        path("api/private", private),
        path("public/<what>", public),
        path("api/public/<what>", public),
    ]


# now, because the test modules beside this file import models
_configure()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_server: None, roadbed_service: Service) -> None:
    """Point Django at the server of these tests."""
    found = database(testing.address(roadbed_service, "web"))
    settings.DATABASES["default"].update(found)
