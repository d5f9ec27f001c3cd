"""What the guard makes of a URL's text."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bootstrap import build_adapters
from app.config import SettingsError, load_settings
from app.domain.errors import AddressBlocked, InvalidUrl
from app.outbound.guard import BLOCKED_MESSAGE, AddressGuard, host_key, host_keys
from tests.unit.outbound.cases import BLOCKED_URLS, INVALID_URLS

guard = AddressGuard()


@pytest.mark.parametrize("url", BLOCKED_URLS)
def test_dangerous_literals_are_blocked_with_one_message(url: str) -> None:
    with pytest.raises(AddressBlocked) as refusal:
        guard.parse(url)
    assert refusal.value.message == BLOCKED_MESSAGE


@pytest.mark.parametrize("url", INVALID_URLS)
def test_what_is_no_web_address_is_invalid(url: str) -> None:
    with pytest.raises(InvalidUrl):
        guard.parse(url)


@pytest.mark.parametrize(
    ("url", "canonical", "host", "port"),
    [
        ("http://example.com", "http://example.com/", "example.com", 80),
        ("  https://EXAMPLE.com:443/A.JPG ", "https://example.com/A.JPG", "example.com", 443),
        ("https://example.com:8443/x#part", "https://example.com:8443/x", "example.com", 8443),
        (
            "http://münchen.example/Bücher und mehr.jpg?größe=1",
            "http://xn--mnchen-3ya.example/B%C3%BCcher%20und%20mehr.jpg?gr%C3%B6%C3%9Fe=1",
            "xn--mnchen-3ya.example",
            80,
        ),
        ("http://ｅｘａｍｐｌｅ.com/", "http://example.com/", "example.com", 80),
        ("http://example.com./a", "http://example.com./a", "example.com.", 80),
        ("http://example.com/a%20b,c|d", "http://example.com/a%20b,c|d", "example.com", 80),
        ("http://8.8.8.8/x", "http://8.8.8.8/x", "8.8.8.8", 80),
        ("http://134744072/x", "http://8.8.8.8/x", "8.8.8.8", 80),
        ("https://[2606:4700:0::1111]/", "https://[2606:4700::1111]/", "2606:4700::1111", 443),
        ("http://my_shop.example/a/../b", "http://my_shop.example/b", "my_shop.example", 80),
        ("http://@example.com/", "http://example.com/", "example.com", 80),
    ],
)
def test_web_addresses_are_understood_as_browsers_do(
    url: str, canonical: str, host: str, port: int
) -> None:
    target = guard.parse(url)
    assert (target.url, target.host, target.port) == (canonical, host, port)


@pytest.mark.parametrize(
    "url", ["http://example.com/a?b=c", "http://[2606:4700::1]:8080/", "http://1.1"]
)
def test_the_client_is_given_the_very_parts_that_were_checked(url: str) -> None:
    open_guard = AddressGuard([ip_network("0.0.0.0/0")])
    target = open_guard.parse(url)
    assert str(target.request_url) == target.url
    assert target.request_url.raw_host == target.host
    assert target.request_url.port == target.port


def test_a_relative_redirect_starts_at_its_origin() -> None:
    origin = guard.parse("https://example.com/a/b.jpg?c")
    assert guard.parse("../d.jpg", base=origin).url == "https://example.com/d.jpg"
    assert guard.parse("//cdn.example.com/e", base=origin).url == "https://cdn.example.com/e"
    assert guard.parse("?f", base=origin).url == "https://example.com/a/b.jpg?f"
    assert guard.parse("?#f", base=origin).url == "https://example.com/a/b.jpg"
    with pytest.raises(AddressBlocked):
        guard.parse("//127.1/", base=origin)
    on_an_address = guard.parse("/d.jpg", base=guard.parse("http://1.1.1.1:8080/a"))
    assert (on_an_address.port, str(on_an_address.literal)) == (8080, "1.1.1.1")


def test_credentials_do_not_come_back_in_the_message() -> None:
    with pytest.raises(InvalidUrl) as refusal:
        guard.parse("http://anna:geheim@example.com/")
    assert "geheim" not in refusal.value.message


def test_ports_can_be_narrowed() -> None:
    https_only = AddressGuard(allowed_ports=[range(443, 444)])
    assert https_only.parse("https://example.com/").port == 443
    for url in ("http://example.com/", "https://example.com:8443/"):
        with pytest.raises(AddressBlocked):
            https_only.parse(url)


@pytest.mark.parametrize("port", [1, 22, 25, 53, 79, 81, 110, 389, 442, 444, 587, 993, 1023])
def test_privileged_ports_of_other_services_are_blocked(port: int) -> None:
    with pytest.raises(AddressBlocked):
        guard.parse(f"http://example.com:{port}/")


@pytest.mark.parametrize(
    ("setting", "open_ports", "closed_ports"),
    [
        (None, [80, 443, 1024, 8080, 65_535], [1, 22, 79, 81, 442, 444, 1023]),
        ("443", [443], [80, 442, 444, 8080]),
        (" 80, 8000-8002 ,9000-9000", [80, 8000, 8001, 8002, 9000], [443, 7999, 8003, 8999, 9001]),
        ("1-65535", [1, 22, 65_535], []),
    ],
)
def test_the_setting_for_ports_opens_exactly_what_it_names(
    monkeypatch: pytest.MonkeyPatch,
    setting: str | None,
    open_ports: list[int],
    closed_ports: list[int],
) -> None:
    monkeypatch.delenv("FETCH_PORTS", raising=False)
    if setting is not None:
        monkeypatch.setenv("FETCH_PORTS", setting)
    adapters = build_adapters(load_settings(_env_file=None))
    assert all(adapters.guard.allows_port(port) for port in open_ports)
    assert not any(adapters.guard.allows_port(port) for port in [0, *closed_ports])
    for port in closed_ports:
        with pytest.raises(AddressBlocked):
            adapters.guard.parse(f"http://example.com:{port}/")


@pytest.mark.parametrize(
    "text", ["0", "80,", "80-", "-80", "http", "65536", "9-8", "80;443", "8 0", "1e3", "٨٠"]
)
def test_a_typo_in_the_ports_stops_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("FETCH_PORTS", text)
    with pytest.raises(SettingsError) as refusal:
        load_settings(_env_file=None)
    assert str(refusal.value) == (
        f"The setting FETCH_PORTS is {text!r}, but must be ports from 1 to 65535 and ranges, "
        "such as 80,443,8000-8999."
    )


# --- FETCH_ALLOW_NETWORKS ---


def allowing(*networks: str) -> AddressGuard:
    return AddressGuard([ip_network(network) for network in networks])


@pytest.mark.parametrize(
    ("networks", "address", "allowed"),
    [
        (["10.1.0.0/16"], "10.1.2.3", True),
        (["10.1.0.0/16"], "10.2.0.0", False),
        (["127.0.0.1/32"], "127.0.0.1", True),
        (["127.0.0.1/32"], "127.0.0.2", False),
        (["127.0.0.0/8"], "::1", False),
        (["::1/128"], "::1", True),
        (["::1/128"], "127.0.0.1", False),
        (["fd00::/8"], "fd12::5", True),
        # A form that carries IPv4 needs both: the form named, and what it carries allowed.
        (["127.0.0.0/8"], "::ffff:127.0.0.1", False),
        (["::ffff:0:0/96"], "::ffff:127.0.0.1", False),
        (["::ffff:0:0/96", "127.0.0.0/8"], "::ffff:127.0.0.1", True),
        (["::ffff:0:0/96"], "::ffff:8.8.8.8", True),
        (["64:ff9b::/96"], "64:ff9b::8.8.8.8", True),
        (["64:ff9b::/96"], "64:ff9b::169.254.169.254", False),
        (["2002::/16"], "2002:7f00:1::", False),
        (["2002::/16"], "2002:808:808::", True),
        (["2001::/32"], "2001:0:808:808::80ff:fffe", False),
        (["fd00::/8"], "fd00::5efe:10.0.0.1", False),
        (["fd00::/8", "10.0.0.0/8"], "fd00::5efe:10.0.0.1", True),
        (["::/0"], "::ffff:10.0.0.1", False),
        (["::/0"], "64:ff9b::10.0.0.1", False),
    ],
)
def test_allowed_networks_open_exactly_what_they_name(
    networks: list[str], address: str, allowed: bool
) -> None:
    assert allowing(*networks).allows(ip_address(address)) is allowed


def test_an_allowed_network_opens_no_port() -> None:
    with pytest.raises(AddressBlocked):
        allowing("10.0.0.0/8").parse("http://10.0.0.1:22/")


# --- host_key ---


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://Example.com/a", "example.com:80"),
        ("https://example.com/b", "example.com:443"),
        ("https://example.com:8443/b", "example.com:8443"),
        ("http://0x7f.1/", "127.0.0.1:80"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("ftp://example.com/", ""),
        ("example.com/a.jpg", ""),
        ("", ""),
        ("http://\ud800/", ""),
    ],
)
def test_host_key_names_host_and_port(url: str, key: str) -> None:
    assert host_key(url) == key


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["http://", "https://", "HTTPS://"]),
            st.sampled_from(["a", "b.example:8443", "[::1]", "\ud800", "user@c", "1"]),
            st.just("") | st.text("/\\\\?#:@ax", min_size=1),
        ).map("".join)
    )
)
def test_many_urls_have_the_host_keys_of_each(urls: list[str]) -> None:
    assert host_keys(urls) == list(map(host_key, urls))


@given(
    st.text(st.characters(codec=None))
    | st.text("htps:/.@[]%0127x\\#? \u3002\uff11").map("http://".__add__)
)
def test_no_text_breaks_the_guard_or_passes_it_for_a_private_address(text: str) -> None:
    assert isinstance(host_key(text), str)
    try:
        target = guard.parse(text)
    except (InvalidUrl, AddressBlocked):
        return
    assert target.literal is None or target.literal.is_global
    assert target.request_url.raw_host == target.host
