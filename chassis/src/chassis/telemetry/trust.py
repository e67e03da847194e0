"""The networks trusted for a request's id, trace, sampling and client address."""

import ipaddress
from collections.abc import Callable, Iterable
from functools import lru_cache

type Trusts = Callable[[str | None], bool]
"""Says whether the peer with this address, as the server saw it, is believed."""


def networks(names: Iterable[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Read networks in CIDR notation (`10.0.0.0/8`). Raises ValueError."""
    return [ipaddress.ip_network(name) for name in names]


def trust(names: Iterable[str]) -> Trusts:
    """Return a function that tells whether a peer is in the networks `names`.

    A peer on a Unix socket has no address and is not trusted. Raises ValueError.
    """
    trusted = networks(names)

    @lru_cache(maxsize=1024)
    def judge(peer: str | None) -> bool:
        try:
            address = ipaddress.ip_address(peer or "")
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in trusted)

    return judge


def client(peer: str | None, forwarded: Iterable[str], trusts: Trusts) -> str:
    """Return the address of the client behind trusted proxies, or `unknown`.

    `forwarded` are the values of `X-Forwarded-For`, to which each proxy appends its peer. They are
    read from the end, as long as the author of an entry is trusted. Any client can forge the
    entries before that.
    """
    entries = [entry.strip() for value in forwarded for entry in value.split(",")]
    address = peer
    while entries and trusts(address):
        address = entries.pop()
    return address or "unknown"
