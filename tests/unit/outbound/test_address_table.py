"""The table of ranges, at its edges and against the standard library's own opinion."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.outbound.addresses import BLOCKED_IPV4, BLOCKED_IPV6, carried_ipv4, is_public

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2001:db7:ffff::1",
    "2001:db9::1",
    "2003::1",
    "2606:4700::1111",
    "2a00:1450:4001:82a::200e",
    "3ffd:ffff::1",
]

METADATA_SERVICES = [
    "169.254.169.254",  # AWS, Azure, Google, Oracle, DigitalOcean ...
    "169.254.170.2",  # AWS containers
    "100.100.100.200",  # Alibaba
    "168.63.129.16",  # Azure
    "192.0.0.192",  # Oracle Classic
    "fd00:ec2::254",  # AWS over IPv6
    "fd20:ce::254",  # Google over IPv6
    "fe80::a9fe:a9fe",
]

CARRYING_PUBLIC_IPV4 = {
    "mapped": "::ffff:8.8.8.8",
    "compatible": "::8.8.8.8",
    "translated": "::ffff:0:8.8.8.8",
    "NAT64": "64:ff9b::8.8.8.8",
    "NAT64 of a site": "64:ff9b:1::8.8.8.8",
    "6to4": "2002:808:808::1",
    "Teredo": "2001:0:808:808::f7f7:f7f7",
    "ISATAP": "2606:4700::5efe:8.8.8.8",
    "ISATAP with the universal bit": "2606:4700::200:5efe:8.8.8.8",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_next_to_the_ranges_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("cidr", "purpose", "source"), BLOCKED_IPV4 + BLOCKED_IPV6, ids=lambda each: each
)
def test_first_and_last_address_of_every_range_are_refused(
    cidr: str, purpose: str, source: str
) -> None:
    network = ip_network(cidr)
    assert not is_public(network.network_address)
    assert not is_public(network.broadcast_address)
    assert purpose
    assert source.startswith(("RFC ", "Azure"))


@pytest.mark.parametrize("address", METADATA_SERVICES)
def test_cloud_metadata_services_are_refused(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("form", CARRYING_PUBLIC_IPV4)
def test_ipv6_that_carries_even_a_public_ipv4_address_is_refused(form: str) -> None:
    assert not is_public(ip_address(CARRYING_PUBLIC_IPV4[form]))


@pytest.mark.parametrize("form", sorted(set(CARRYING_PUBLIC_IPV4) - {"NAT64 of a site"}))
def test_the_carried_ipv4_address_is_found(form: str) -> None:
    address = IPv6Address(CARRYING_PUBLIC_IPV4[form])
    assert set(carried_ipv4(address)) == {IPv4Address("8.8.8.8")}


def test_both_addresses_in_teredo_are_found() -> None:
    address = IPv6Address("2001:0:4136:e378:8000:63bf:3fff:fdd2")  # the example of RFC 4380
    assert carried_ipv4(address) == (IPv4Address("65.54.227.120"), IPv4Address("192.0.2.45"))


@pytest.mark.parametrize("address", ["::", "::1", "2606:4700::1111", "fd00::1", "64:ff9b:1::1"])
def test_plain_ipv6_addresses_carry_nothing(address: str) -> None:
    assert carried_ipv4(IPv6Address(address)) == ()


@given(st.ip_addresses())
@example(ip_address("192.0.0.9"))
@example(ip_address("2001:1::1"))
def test_what_the_standard_library_calls_not_global_is_refused(
    address: IPv4Address | IPv6Address,
) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert not is_public(address)


@given(st.ip_addresses(v=6, network="2000::/3"))
def test_a_public_ipv6_address_carries_no_ipv4(address: IPv6Address) -> None:
    if is_public(address):
        assert carried_ipv4(address) == ()
