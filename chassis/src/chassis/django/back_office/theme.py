"""How the back office looks: the frame of django-unfold, in the service's own colours.

No app says a word of it. They register plain `ModelAdmin`s, and the site dresses these
(`chassis.django.back_office.widgets`), so that the pages of third-party apps look alike and the
frame can be exchanged here.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from chassis.settings import Environment

FRAME = "unfold.apps.BasicAppConfig"
BACK_OFFICE = "chassis.django.apps.AdminConfig"
_STYLES = "chassis/back_office.css"
_SCRIPT = "chassis/back_office.js"
_ACCOUNT_PAGES = {
    "Change password": "account_change_password",
    "Second factor": "mfa_index",
    "Sessions": "usersessions_list",
}


def install(settings: dict[str, Any]) -> None:
    """Put the frame around the back office, where there is one.

    `BACK_OFFICE = {"theme": …, "icon": …}` names static files of the service: a stylesheet that
    sets the colours which `chassis/back_office.css` takes over, and the mark beside the name.
    """
    apps: list[str] = settings["INSTALLED_APPS"]
    if BACK_OFFICE in apps and FRAME not in apps:
        apps.insert(apps.index(BACK_OFFICE), FRAME)  # first, as its templates replace Django's
        settings.setdefault("UNFOLD", _frame(**settings.get("BACK_OFFICE", {})))


def title() -> str:
    """Name the service."""
    return f"{settings.SERVICE.name.replace('-', ' ').capitalize()} back office"


def environment(_request: HttpRequest) -> list[str] | None:
    """Say where this is, so that nobody takes production for their own machine."""
    found = getattr(getattr(settings, "ENV", None), "environment", None)
    if found is None:
        return None
    return [found.value, "danger" if found is Environment.PRODUCTION else "info"]


def account_links(_request: HttpRequest) -> list[dict[str, str]]:
    """Lead to the person's own pages, which are the product's."""
    return [{"title": words, "link": reverse(name)} for words, name in _ACCOUNT_PAGES.items()]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """List the pages that this person may open, by app; acting for a customer comes last."""
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


def _frame(theme: str | None = None, icon: str | None = None) -> dict[str, Any]:
    styles = [path for path in (theme, _STYLES) if path]
    return {
        "SITE_TITLE": lambda _: title(),
        "SITE_HEADER": lambda _: title(),
        "SITE_ICON": _address(icon) if icon else None,
        "SITE_FAVICONS": [{"rel": "icon", "href": _address(icon)}] if icon else [],
        "ENVIRONMENT": environment,
        "STYLES": [_address(path) for path in styles],
        "SCRIPTS": [_address(_SCRIPT)],
        "THEME": "light",  # the product's own pages know no other
        "ACCOUNT": {"navigation": account_links},
        "SIDEBAR": {"navigation": navigation},
    }


def _address(path: str) -> Any:
    # only a running site knows the hashed name
    return lambda _request: static(path)
