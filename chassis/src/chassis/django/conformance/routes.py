"""Every route of a Django project, with a path that resolves to it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.apps import apps
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

_EXAMPLES = ("00000000-0000-4000-8000-000000000000", "1", "a", "2026", "0" * 32, "0" * 40)


@dataclass(frozen=True)
class Route:
    """A route: its template as in log lines, a path that resolves to it, and the view.

    The path is None if no example value fits the parameters.
    """

    template: str
    path: str | None
    view: Callable[..., Any]

    @property
    def kind(self) -> str:
        """Return the template, or a shared name for a page that the admin makes for each model."""
        page = f"{self.view.__module__}.{getattr(self.view, '__qualname__', '')}"
        return page if hasattr(self.view, "model_admin") else self.template


def walk() -> list[Route]:
    """Return every route of the project once, in the order in which Django tries them."""
    routes: dict[str, Route] = {}
    for pieces in _chains(get_resolver(), ()):
        route = _route(pieces)
        routes.setdefault(route.template, route)
    return list(routes.values())


def _chains(
    resolver: URLResolver, before: tuple[URLResolver | URLPattern, ...]
) -> Iterator[tuple[URLResolver | URLPattern, ...]]:
    for item in resolver.url_patterns:
        if isinstance(item, URLResolver):
            yield from _chains(item, (*before, item))
        else:
            yield (*before, item)


def _route(pieces: tuple[URLResolver | URLPattern, ...]) -> Route:
    view = cast(Callable[..., Any], pieces[-1].callback)
    template = ""
    for piece in pieces:
        text = str(piece.pattern)
        # joined as Django does it
        template += text.removeprefix("^") if template else text
    for path in _candidates(pieces):
        try:
            match = get_resolver().resolve(path)
        except Resolver404:
            continue
        if match.func is view or match.route == template:
            return Route(f"/{match.route}", path, view)
    return Route(f"/{template}", None, view)


def _candidates(pieces: tuple[URLResolver | URLPattern, ...]) -> Iterator[str]:
    parts = [normalize(piece.pattern.regex.pattern)[0] for piece in pieces]
    form = "/" + "".join(text for text, _ in parts)
    names = [name for _, parameters in parts for name in parameters]
    for example in (*_EXAMPLES, *apps.app_configs) if names else ("",):
        yield form % dict.fromkeys(names, example)


def fields(page: str) -> frozenset[str]:
    """Return the names of the fields in a page's forms, without the CSRF token."""
    return frozenset(re.findall(r'\sname="([^"]+)"', page)) - {"csrfmiddlewaretoken", "viewport"}
