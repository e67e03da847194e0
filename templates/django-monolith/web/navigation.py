"""The menu. An app appears in it if its `AppConfig` has a `menu`; there is no list of apps.

A `menu` is one item or a tuple of items.
"""

from dataclasses import dataclass
from typing import Any

from chassis.django.people.roles import may
from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True)
class MenuItem:
    """One menu entry: its label, the name of its URL, and a sentence for the home page.

    If it has a `permission`, only people with that permission see it.
    """

    label: str
    url_name: str
    summary: str
    permission: str | None = None

    @property
    def url(self) -> str:
        """Return the path of the page."""
        return reverse(self.url_name)


def menu(request: HttpRequest) -> dict[str, Any]:
    """Return the variables that every template gets.

    `menu` holds the items that the person may open, `menu_current` the item of this page; the
    others are `service_name` and `sign_up_open`.
    """
    items = _items(request)
    here = [item for item in items if request.path.startswith(item.url)]
    return {
        "menu": items,
        "menu_current": max(here, key=lambda item: len(item.url), default=None),
        "service_name": settings.SERVICE.name.replace("-", " ").capitalize(),
        "sign_up_open": settings.SIGN_UP_OPEN,
    }


def _items(request: HttpRequest) -> list[MenuItem]:
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return []
    menus = [getattr(app, "menu", ()) for app in apps.get_app_configs()]
    items = [item for menu in menus for item in (menu if isinstance(menu, tuple) else (menu,))]
    return [item for item in items if not item.permission or may(request, item.permission)]
