"""The theme of the back office: django-unfold in the service's own colors.

Apps register plain `ModelAdmin`s, and the site adds unfold's widgets to them
(`chassis.django.back_office.widgets`). So pages of third-party apps look the same, and only this
folder depends on unfold.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from chassis.environment import Environment

UNFOLD = "unfold.apps.BasicAppConfig"
BACK_OFFICE = "chassis.django.apps.AdminConfig"
_STYLES = "chassis/back_office.css"
_SCRIPT = "chassis/back_office.js"
_ACCOUNT_PAGES = {
    "Change password": "account_change_password",
    "Second factor": "mfa_index",
    "Sessions": "usersessions_list",
}


def install(settings: dict[str, Any]) -> None:
    """Add unfold to the settings of a service with a back office.

    `BACK_OFFICE = {"theme": …, "icon": …}` names static files of the service: a stylesheet with the
    colors that `chassis/back_office.css` uses, and the icon beside the name.
    """
    apps: list[str] = settings["INSTALLED_APPS"]
    if BACK_OFFICE in apps and UNFOLD not in apps:
        apps.insert(apps.index(BACK_OFFICE), UNFOLD)  # first, as its templates replace Django's
        settings.setdefault("UNFOLD", _unfold_settings(**settings.get("BACK_OFFICE", {})))


def title() -> str:
    """Return the title of the back office."""
    return f"{settings.SERVICE.name.replace('-', ' ').capitalize()} back office"


def environment(_request: HttpRequest) -> list[str] | None:
    """Return the environment and the style of its badge; production stands out."""
    current = getattr(getattr(settings, "ENV", None), "environment", None)
    if current is None:
        return None
    return [current.value, "danger" if current is Environment.PRODUCTION else "info"]


def account_links(_request: HttpRequest) -> list[dict[str, str]]:
    """Return the links to the person's account pages in the product."""
    return [{"title": title, "link": reverse(name)} for title, name in _ACCOUNT_PAGES.items()]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the pages that this person may open, by app; impersonation comes last."""
    from django.contrib.admin import site  # noqa: PLC0415 - settings import this module

    from chassis.django.people import impersonation  # noqa: PLC0415

    groups = [
        {
            "title": app["name"],
            "items": [{"title": page["name"], "link": page["admin_url"]} for page in app["models"]],
        }
        for app in site.get_app_list(request)
    ]
    if impersonation.may(request.user):
        page = {"title": "Act for a customer", "link": reverse("impersonation_start")}
        groups.append({"title": "Support", "items": [page]})
    return groups


def _unfold_settings(theme: str | None = None, icon: str | None = None) -> dict[str, Any]:
    styles = [path for path in (theme, _STYLES) if path]
    return {
        "SITE_TITLE": lambda _: title(),
        "SITE_HEADER": lambda _: title(),
        "SITE_ICON": _address(icon) if icon else None,
        "SITE_FAVICONS": [{"rel": "icon", "href": _address(icon)}] if icon else [],
        "ENVIRONMENT": environment,
        "STYLES": [_address(path) for path in styles],
        "SCRIPTS": [_address(_SCRIPT)],
        "THEME": "light",  # as the product's own pages
        "ACCOUNT": {"navigation": account_links},
        "SIDEBAR": {"navigation": navigation},
    }


def _address(path: str) -> Any:
    # the hashed name is known only while the site runs
    return lambda _request: static(path)
