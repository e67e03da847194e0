"""The check for public internet addresses, used for issuers and for webhooks.

`ipaddress.is_global` is not used: it accepts shared, mapped and translated addresses. The list
follows the special-purpose registries of IANA (RFC 6890) and refuses in cases of doubt.
"""

import ipaddress
from urllib.parse import SplitResult

_LOCAL_NAMES = ("localhost", "local", "localdomain", "internal", "home.arpa")
_NOT_PUBLIC = [
    ipaddress.ip_network(network)
    for network in (
        # IPv4: this network, private, shared (RFC 6598), loopback, link-local
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        # protocol assignments, documentation, relays of 6to4, benchmarks, multicast and reserved
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        # IPv6: everything but global unicast; that holds loopback, IPv4 mapped and compatible,
        # both prefixes of NAT64 (64:ff9b::/96, 64:ff9b:1::/48), unique and link local, multicast
        "::/3",
        "4000::/2",
        "8000::/1",
        # its parts with a special meaning: Teredo, ORCHID and others, documentation, 6to4
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
]


def is_public(address: str) -> bool:
    """Return whether the IP address `address` is public; an IPv6 zone is ignored.

    Raises ValueError when `address` is not an IP address.
    """
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return not any(
        parsed in network for network in _NOT_PUBLIC if network.version == parsed.version
    )


def reason_against(parts: SplitResult) -> str | None:
    """Return why the URL `parts` is not a public https address (`"is not https"`), or None.

    Only the text of the URL is checked. A name may still resolve to any address: the caller that
    connects must check the resolved address with `is_public`.
    """
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https" or not host:
        return "is not https"
    if parts.username is not None or parts.password is not None:
        return "carries a user name"
    if host.rpartition(".")[2] in _LOCAL_NAMES or host.endswith(".home.arpa"):
        return "names a local host"
    return None if _may_be_public(host) else "is a loopback or private address"


def _may_be_public(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:
        # 127.1 and 0x7f.1 are addresses to a resolver; a public name ends in a letter
        return host[-1].isalpha() and not host.rpartition(".")[2].startswith("0x")
