"""Which addresses of the internet may be asked for files: those that belong to the public, and no others."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

# The registries of special addresses at IANA, as of 2025. Python's own `is_global` differs between releases.
_SPECIAL: Final = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
            *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
            *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),  # Teredo and 6to4 among them
        ),
    )
)
# All that is routed. IPv4 within IPv6 (::ffff:0:0/96, NAT64's 64:ff9b::/96), private and local addresses and
# multicast lie outside.
_UNICAST: Final = ip_network("2000::/3")


def is_public(address: str) -> bool:
    """Whether it is an address that anybody in the world would reach the same server by."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if found.version == 6 and found not in _UNICAST:
        return False
    return not any(found in network for network in _SPECIAL)
