"""Apps and addresses that are found, not listed."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.django.discovery import discover, discover_apps, discover_urls


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the folder of an empty package `shop` that can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    root = tmp_path / "shop"
    write(root, "__init__.py")
    yield root
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        del sys.modules[name]


def write(root: Path, name: str, text: str = "") -> None:
    """Write one module, with the package it is in."""
    target = root / name
    target.parent.mkdir(exist_ok=True)
    (target.parent / "__init__.py").touch()
    target.write_text(text, encoding="utf-8")


def test_folders_with_an_apps_module_are_apps(shop: Path) -> None:
    """A folder becomes an app by its `apps.py`, in the alphabet's order."""
    write(shop, "stock/apps.py")
    write(shop, "basket/apps.py")
    write(shop, "static/site.css")
    assert discover_apps("shop") == ["shop.basket", "shop.stock"]


def test_third_party_apps_come_with_the_folder_that_needs_them(shop: Path) -> None:
    """What a folder requires stands first, once, and the folder need not be an app itself."""
    write(shop, "api/__init__.py", 'requires = ("ninja",)\n')
    write(shop, "stock/apps.py")
    write(shop, "stock/__init__.py", 'requires = ("ninja", "taggit")\n')
    assert discover_apps("shop") == ["ninja", "taggit", "shop.stock"]


def test_urls_are_mounted_under_the_folders_name(shop: Path) -> None:
    """`shop/stock/urls.py` answers at `/stock/`."""
    write(shop, "stock/urls.py", "urlpatterns = []\n")
    write(shop, "basket/apps.py")
    assert [str(found.pattern) for found in discover_urls("shop")] == ["stock/"]


def test_modules_are_found_by_name(shop: Path) -> None:
    """A folder without the module is left out."""
    write(shop, "stock/demo_data.py", "rows = 3\n")
    write(shop, "basket/apps.py")
    assert {name: module.rows for name, module in discover("shop", "demo_data").items()} == {
        "stock": 3
    }
