"""The menu. An app is in it as soon as its `AppConfig` has a `menu`, so that nobody lists apps."""

from dataclasses import dataclass
from typing import Any

from chassis.django.roles import may
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
    """Give every template `menu`, the items of all apps that the person may open, `service_name`
    and `sign_up_open`."""
    name = settings.SERVICE.name.replace("-", " ").capitalize()
    return {"menu": _items(request), "service_name": name, "sign_up_open": settings.SIGN_UP_OPEN}


def _items(request: HttpRequest) -> list[MenuItem]:
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return []
    items = (item for app in apps.get_app_configs() if (item := getattr(app, "menu", None)))
    return [item for item in items if not item.permission or may(request, item.permission)]
