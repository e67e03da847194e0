"""The menu. An app is in it as soon as its `AppConfig` has a `menu`, so that nobody lists apps.

A `menu` is one item, or several.
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
    """One entry: the words, the name of the page's URL, and a sentence for the front page.

    With a `permission` it is shown to those who hold it.
    """

    label: str
    url_name: str
    summary: str
    permission: str | None = None

    @property
    def url(self) -> str:
        """The page's address."""
        return reverse(self.url_name)


def menu(request: HttpRequest) -> dict[str, Any]:
    """Give every template `menu`, the items of all apps that the person may open, `menu_current`,
    the one whose page this is, `service_name` and `sign_up_open`."""
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
