"""Which IP addresses are on the public internet: one table, the source of every range beside it.

The table is our own because `ipaddress.is_private` and `is_global` are no policy: they change with
the Python version and know nothing of IPv4 addresses that travel inside IPv6 ones.

Source: IANA's IPv4 and IPv6 Special-Purpose Address Registries and its IPv6 address space; where
they call a range globally reachable that no web server can be in, it is refused as well.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# (range, what it is for, where that is written)
BLOCKED_IPV4: tuple[tuple[str, str, str], ...] = (
    ("0.0.0.0/8", "this host on this network", "RFC 1122 3.2.1.3"),
    ("10.0.0.0/8", "private use", "RFC 1918"),
    ("100.64.0.0/10", "carrier-grade NAT, some clouds' metadata", "RFC 6598"),
    ("127.0.0.0/8", "loopback", "RFC 1122 3.2.1.3"),
    ("168.63.129.16/32", "the host of an Azure machine", "Azure, What is IP address 168.63.129.16"),
    ("169.254.0.0/16", "link-local, most clouds' metadata", "RFC 3927"),
    ("172.16.0.0/12", "private use", "RFC 1918"),
    ("192.0.0.0/24", "IETF protocol assignments", "RFC 6890 2.1"),
    ("192.0.2.0/24", "documentation", "RFC 5737"),
    ("192.31.196.0/24", "AS112 name servers", "RFC 7535"),
    ("192.52.193.0/24", "automatic multicast tunneling", "RFC 7450"),
    ("192.88.99.0/24", "6to4 relays, deprecated", "RFC 7526"),
    ("192.168.0.0/16", "private use", "RFC 1918"),
    ("192.175.48.0/24", "AS112 name servers", "RFC 7534"),
    ("198.18.0.0/15", "benchmarking", "RFC 2544"),
    ("198.51.100.0/24", "documentation", "RFC 5737"),
    ("203.0.113.0/24", "documentation", "RFC 5737"),
    ("224.0.0.0/4", "multicast", "RFC 5771"),
    ("240.0.0.0/4", "reserved", "RFC 1112 4"),
    ("255.255.255.255/32", "limited broadcast", "RFC 919 7"),
)

# The only IPv6 block that IANA hands out for the public internet (RFC 4291 2.4). The rows below
# that are outside of it are refused twice; they stay, so that the table can be read as a whole.
GLOBAL_UNICAST_IPV6 = IPv6Network("2000::/3")

BLOCKED_IPV6: tuple[tuple[str, str, str], ...] = (
    ("::/128", "unspecified", "RFC 4291 2.5.2"),
    ("::1/128", "loopback", "RFC 4291 2.5.3"),
    ("::/96", "IPv4-compatible: carries IPv4", "RFC 4291 2.5.5.1"),
    ("::ffff:0:0/96", "IPv4-mapped: carries IPv4", "RFC 4291 2.5.5.2"),
    ("::ffff:0:0:0/96", "IPv4-translated: carries IPv4", "RFC 2765 2.1"),
    ("64:ff9b::/96", "NAT64: carries IPv4", "RFC 6052 2.1"),
    ("64:ff9b:1::/48", "NAT64 of a site: carries IPv4", "RFC 8215"),
    ("100::/64", "discard", "RFC 6666"),
    ("100:0:0:1::/64", "dummy prefix", "RFC 9780"),
    ("2001::/23", "IETF protocol assignments", "RFC 2928"),
    ("2001::/32", "Teredo: carries IPv4", "RFC 4380"),
    ("2001:2::/48", "benchmarking", "RFC 5180"),
    ("2001:10::/28", "ORCHID, deprecated", "RFC 4843"),
    ("2001:20::/28", "ORCHIDv2", "RFC 7343"),
    ("2001:30::/28", "drone identifiers", "RFC 9374"),
    ("2001:db8::/32", "documentation", "RFC 3849"),
    ("2002::/16", "6to4: carries IPv4", "RFC 3056"),
    ("2620:4f:8000::/48", "AS112 name servers", "RFC 7534"),
    ("3ffe::/16", "6bone, returned", "RFC 3701"),
    ("3fff::/20", "documentation", "RFC 9637"),
    ("5f00::/16", "segment routing (SRv6)", "RFC 9602"),
    ("fc00::/7", "unique local", "RFC 4193"),
    ("fe80::/10", "link-local", "RFC 4291 2.5.6"),
    ("fec0::/10", "site-local, deprecated", "RFC 3879"),
    ("ff00::/8", "multicast", "RFC 4291 2.7"),
)


def _bounds(rows: tuple[tuple[str, str, str], ...]) -> tuple[tuple[int, int], ...]:
    networks = [ip_network(cidr) for cidr, _, _ in rows]
    return tuple((int(n.network_address), int(n.broadcast_address)) for n in networks)


# Whole numbers, because a hostile name server may answer thousands of addresses to be checked.
_BLOCKED_IPV4_BOUNDS = _bounds(BLOCKED_IPV4)
_BLOCKED_IPV6_BOUNDS = _bounds(BLOCKED_IPV6)
_GLOBAL_FIRST = int(GLOBAL_UNICAST_IPV6.network_address)
_GLOBAL_LAST = int(GLOBAL_UNICAST_IPV6.broadcast_address)

_LOW_32_BITS = 0xFFFF_FFFF
# `::5efe:a.b.c.d` and, with the universal bit, `::200:5efe:a.b.c.d` behind any prefix.
_ISATAP_MARK, _ISATAP_MASK = 0x0000_5EFE, 0xFDFF_FFFF
# The /96 prefixes whose last 32 bits are the IPv4 address, each shifted down by those bits.
_LAST_32_BITS_PREFIXES = frozenset(
    int(IPv6Address(prefix)) >> 32 for prefix in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::")
)


def is_public(address: Address) -> bool:
    """Tell whether an address can belong to a public web server.

    Every IPv6 form that carries an IPv4 address is not public, whatever it carries: no image host
    needs one, and what happens to such a packet depends on routers and kernels.
    """
    number = int(address)
    if isinstance(address, IPv4Address):
        return not any(first <= number <= last for first, last in _BLOCKED_IPV4_BOUNDS)
    if not _GLOBAL_FIRST <= number <= _GLOBAL_LAST or _is_isatap(number):
        return False
    return not any(first <= number <= last for first, last in _BLOCKED_IPV6_BOUNDS)


def carried_ipv4(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses that an IPv6 address carries; empty when it is a plain one.

    Covered: mapped, compatible, translated, NAT64 64:ff9b::/96, 6to4, Teredo (its server and its
    client) and ISATAP. Not readable are 64:ff9b:1::/48 and a site's own NAT64 prefixes, because
    the length of the prefix decides which bits are the IPv4 address (RFC 6052 2.2).
    """
    number = int(address)
    low = number & _LOW_32_BITS
    if number >> 32 in _LAST_32_BITS_PREFIXES:
        # `::` and `::1` look like compatible addresses, but have meanings of their own.
        return () if number <= 1 else (IPv4Address(low),)
    if number >> 112 == 0x2002:
        return (IPv4Address((number >> 80) & _LOW_32_BITS),)
    if number >> 96 == 0x2001_0000:
        return (IPv4Address((number >> 64) & _LOW_32_BITS), IPv4Address(low ^ _LOW_32_BITS))
    if _is_isatap(number):
        return (IPv4Address(low),)
    return ()


def _is_isatap(number: int) -> bool:
    return (number >> 32) & _ISATAP_MASK == _ISATAP_MARK
