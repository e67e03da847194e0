"""Which addresses are public, and which texts can be no public https address."""

from urllib.parse import urlsplit

import pytest

from chassis.addresses import is_public, reason_against


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - refused, not bound
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_what_is_not_public(address: str) -> None:
    """Every special range is refused, however the address is wrapped."""
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "100.63.255.255", "172.32.0.1", "192.0.1.1", "2606:4700::1", "2a00::1"]
)
def test_what_is_public(address: str) -> None:
    """The neighbors of the special ranges are not refused."""
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://hooks.example.com", "is not https"),
        ("https://", "is not https"),
        ("https://a:b@hooks.example.com", "carries a user name"),
        ("https://db.internal", "names a local host"),
        ("https://localhost.", "names a local host"),
        ("https://0x7f000001", "is a loopback or private address"),
        ("https://017700000001", "is a loopback or private address"),
        ("https://127.1", "is a loopback or private address"),
        ("https://[::ffff:10.0.0.1]", "is a loopback or private address"),
    ],
)
def test_texts_that_name_no_public_address(url: str, reason: str) -> None:
    """The reason says what to change."""
    assert reason_against(urlsplit(url)) == reason


def test_nothing_speaks_against_a_public_name() -> None:
    """A name is judged again when it has been resolved."""
    assert reason_against(urlsplit("https://hooks.example.com:8443/in?x=1")) is None
