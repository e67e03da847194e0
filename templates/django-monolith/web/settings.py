"""Django's settings, from top to bottom. `Env` holds what differs between environments."""

from pathlib import Path
from typing import ClassVar, Literal

from chassis import logs, service
from chassis.django.database import database
from chassis.django.discovery import discover_apps
from chassis.django.files.storage import MediaSettings, storage
from chassis.django.settings import install
from chassis.environment import Environment
from chassis.settings import (
    CommaSeparated,
    CommaSeparatedSecrets,
    Secret,
    development_secret,
)
from django.utils.csp import CSP
from pydantic import Field, SecretStr, ValidationInfo, field_validator

BASE_DIR = Path(__file__).resolve().parent.parent


class Env(MediaSettings):
    """The environment variables of the web half. Each has its field's name in capital letters."""

    half: ClassVar[Literal["web"]] = "web"

    secret_key: Secret = Field(
        development_secret("secret-key"),
        description="Signs sessions and links in emails, encrypts second factors. To change it, "
        "put the old key first in SECRET_KEY_FALLBACKS.",
    )
    secret_key_fallbacks: CommaSeparatedSecrets = Field(
        (),
        description="Earlier keys, separated by commas. Keep a key until `manage.py reseal` has "
        "run and the sessions that it signed have ended.",
    )
    allowed_hosts: CommaSeparated = Field(
        ("127.0.0.1", "localhost"),
        description="The host names of this service, separated by commas.",
    )
    behind_proxy: bool | None = Field(
        default=None,
        description="true if a proxy terminates TLS and sets X-Forwarded-Proto and "
        "X-Forwarded-For, else false. With a wrong false every page redirects to itself. With a "
        "wrong true callers can forge their IP address.",
    )
    sign_up_open: bool = Field(
        default=False,
        description="true if anyone may create an account. If false, administrators create them.",
    )
    smtp_host: str = Field(
        "", description="The mail server. In development emails go to .dev/mail/."
    )
    smtp_port: int = Field(587, gt=0, lt=65536, description="Its port. It must offer STARTTLS.")
    smtp_user: str = Field("", description="The account on the mail server, if it requires one.")
    smtp_password: SecretStr = Field(SecretStr(""), description="The password of that account.")
    mail_from: str = Field("noreply@localhost", description="The sender address of all emails.")

    @field_validator("allowed_hosts", "behind_proxy", "smtp_host", "mail_from")
    @classmethod
    def _is_chosen_in_production(cls, value: object, info: ValidationInfo) -> object:
        environment = info.data.get("environment", Environment.PRODUCTION)
        default = cls.model_fields[info.field_name or ""].default
        if value == default and not environment.is_local:
            raise ValueError("set this variable: its default is for development only")
        return value


SERVICE = service.load(BASE_DIR)
ENV = Env.load(SERVICE)

# ── the environment ───────────────────────────────────────────────────────────────────────────
DEBUG = ENV.environment is Environment.DEVELOPMENT
SECRET_KEY = ENV.secret_key.get_secret_value()
SECRET_KEY_FALLBACKS = [key.get_secret_value() for key in ENV.secret_key_fallbacks]
ALLOWED_HOSTS = list(ENV.allowed_hosts)
LOGGING_CONFIG = None  # the chassis configures logging in every service
logs.configure(ENV, SERVICE)

# ── the application ───────────────────────────────────────────────────────────────────────────
ROOT_URLCONF = "web.urls"
WSGI_APPLICATION = "web.wsgi.application"
INSTALLED_APPS = [
    "chassis.django",
    "chassis.django.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    *discover_apps("web"),  # every folder of web/ that has an apps.py
]
MIDDLEWARE = [
    "chassis.django.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "chassis.django.middleware.LoginRequiredMiddleware",  # pages are private by default
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.csp",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "web.navigation.menu",
            ],
        },
    },
]

# ── data ──────────────────────────────────────────────────────────────────────────────────────
DATABASES = {"default": database(ENV.database_url)}
# Shared by all processes: it counts the sign-in attempts.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        # A full cache deletes keys in alphabetical order. With a small cache an attacker could
        # fill it and so reset the count of sign-in attempts.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}

# ── people and sessions ───────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{validator}"}
    for validator in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ROLES = "web.accounts.roles.ROLES"  # roles and permissions; see chassis.django.people.roles
ROLES_OF = "web.tenancy.roles_of"
CURRENT_TENANT = "web.tenancy.current_tenant"
TENANTS_OF = "web.tenancy.tenants_of"
INVITED = "web.tenancy.invited"  # who may sign up by a link; see chassis.django.people.invitations
SIGN_UP_OPEN = ENV.sign_up_open
ACCOUNT_ADAPTER = "chassis.django.people.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = SIGN_UP_OPEN  # that email offers to sign up
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if DEBUG else "https"
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if ENV.behind_proxy else 0

# ── mail ──────────────────────────────────────────────────────────────────────────────────────
DEFAULT_FROM_EMAIL = ENV.mail_from
MAILERS = {
    # stores each email in the current transaction; a job passes it to the transport
    "default": {"BACKEND": "chassis.django.jobs.mail.Backend"},
    "transport": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": ENV.smtp_host,
            "port": ENV.smtp_port,
            "username": ENV.smtp_user,
            "password": ENV.smtp_password.get_secret_value(),
            "use_tls": True,
            "timeout": 20,
        },
    }
    if ENV.smtp_host
    else {
        "BACKEND": "chassis.django.jobs.mail.FolderBackend",
        "OPTIONS": {"folder": BASE_DIR / ".dev" / "mail"},
    },
}

# ── files, language, time ─────────────────────────────────────────────────────────────────────
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# Uploads, if they are not in a bucket. The folder has no URL: views check who may read a file.
MEDIA_ROOT = Path(ENV.media_dir or BASE_DIR / "media")
STATICFILES_DIRS = [BASE_DIR / "web" / "static"]
STORAGES = {
    "default": storage(ENV),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True

# ── browser security ──────────────────────────────────────────────────────────────────────────
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if not ENV.environment.is_local:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_SECURE = True
    CSRF_COOKIE_NAME = "__Host-csrftoken"
if ENV.behind_proxy:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# ── the look of the back office: the colors of our pages ──────────────────────────────────────
BACK_OFFICE = {"theme": "web/theme.css", "icon": "web/icon.svg"}

# ── settings that the platform adds to those above (chassis.django.settings) ───────────────────
# Apps: `unfold` before the admin; `allauth.mfa`, `.usersessions`, `.socialaccount` and its OpenID
#   Connect provider, and `django.contrib.humanize` after `allauth.account`.
# Middleware: `ImpersonationMiddleware` after `AuthenticationMiddleware`; where there is a folder
#   web/api, `ApiMiddleware` before `LoginRequiredMiddleware`.
# Settings: TASKS, UNFOLD, MFA_*, ACCOUNT_REAUTHENTICATION_*, SOCIALACCOUNT_*; with web/api also
#   API, TENANT_OF and DATA_UPLOAD_MAX_MEMORY_SIZE; with Django REST framework its defaults.
# In a hybrid: the app `allauth.idp.oidc`, OIDC_* and IDP_OIDC_*, SCOPES_OF and ONLY_TENANT.
# SECURE_CSP: `form-action` gets the addresses that signing in may lead to.
# A setting that stands above stays as it is, but for those of the identity provider.
install(globals())
