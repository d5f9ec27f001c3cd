"""What the operator says of hosts: which tables are taken, and which are refused, naming where."""

import tomllib

import pytest

from app.domain.hosts.rules import NO_RULES, HostRule, HostRules, HostRulesInvalid
from app.outbound.guard import host_key

SECRET = "geheim-4711"


def read(text: str) -> HostRules:
    return HostRules.read(tomllib.loads(text))


def test_all_that_can_be_said_of_a_host() -> None:
    rules = read(
        f"""
        ["cdn.example"]
        headers = {{ Authorization = "Bearer {SECRET}", X-Shop = "7" }}
        requests_per_second = 20
        connections = 8
        user_agent = "Shop/1.0"
        referer = "https://shop.example/"
        """
    )
    rule = rules.of("cdn.example:443")
    assert rule == HostRule(
        {"Authorization": f"Bearer {SECRET}", "X-Shop": "7"},
        requests_per_second=20.0,
        connections=8,
        user_agent="Shop/1.0",
        referer="https://shop.example/",
    )
    assert rule.sent() == {
        "Authorization": f"Bearer {SECRET}",
        "X-Shop": "7",
        "User-Agent": "Shop/1.0",
        "Referer": "https://shop.example/",
    }


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("cdn.example", "https://cdn.example/a.jpg"),
        ("CDN.Example", "http://cdn.EXAMPLE:8080/a.jpg"),
        ("bücher.example", "https://xn--bcher-kva.example/a.jpg"),
        ("xn--bcher-kva.example", "https://BÜCHER.example/a.jpg"),
        ("cdn.example:8443", "https://cdn.example:8443/a.jpg"),
        ("cdn.example:443", "https://cdn.example/a.jpg"),
        ("cdn.example:80", "http://cdn.example/a.jpg"),
        ("192.0.2.1", "http://192.0.2.1/a.jpg"),
        ("[2001:DB8::1]", "http://[2001:db8:0::1]/a.jpg"),
        ("[2001:db8::1]:8080", "http://[2001:db8::1]:8080/a.jpg"),
        ("localhost", "http://localhost:9000/a.jpg"),
        ("my_shop.example", "http://my_shop.example/a.jpg"),
    ],
)
def test_a_host_is_found_however_it_is_written(name: str, url: str) -> None:
    rules = HostRules.read({name: {"connections": 2}})
    rule = rules.of(host_key(url))
    assert rule is not None
    assert rule.connections == 2


def test_a_rule_holds_for_exactly_its_host() -> None:
    rules = HostRules.read({"cdn.example": {}, "shop.example:8443": {}})
    others = ("a.cdn.example", "example", "xcdn.example", "cdn.example.org", "shop.example")
    for host in others:
        assert rules.of(f"{host}:443") is None
    assert NO_RULES.of("cdn.example:443") is None
    assert rules.of("") is None


def test_a_port_of_its_own_wins_over_the_host() -> None:
    rules = HostRules.read({"cdn.example": {"connections": 1}, "cdn.example:81": {}})
    assert rules.of("cdn.example:80") == HostRule(connections=1)
    assert rules.of("cdn.example:81") == HostRule()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "https://cdn.example",
        "cdn.example/images",
        "cdn example",
        "*.cdn.example",
        "cdn..example",
        ".cdn.example",
        "user@cdn.example",
        "cdn.example:0",
        "cdn.example:65536",
        "cdn.example:http",
        "cdn.example:",
        "[::1",
        "::1",
        "cdn.exa\tmple",
        "a" * 64 + ".example",
        "?",
    ],
)
def test_a_name_that_is_no_host_is_named(name: str) -> None:
    with pytest.raises(HostRulesInvalid) as refusal:
        HostRules.read({name: {"connections": 1}})
    assert f'["{name}"] is no host name' in str(refusal.value)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("conections = 3", "conections is no key of a host"),
        ("connections = 0", "connections must be a whole number from 1 to 256"),
        ("connections = 257", "connections must be"),
        ("connections = true", "connections must be"),
        ("connections = 2.0", "connections must be"),
        ('connections = "8"', "connections must be"),
        ("requests_per_second = 0", "requests_per_second must be a number above 0"),
        ("requests_per_second = -1.5", "requests_per_second must be"),
        ("requests_per_second = nan", "requests_per_second must be"),
        ("requests_per_second = inf", "requests_per_second must be"),
        ("requests_per_second = true", "requests_per_second must be"),
        ("user_agent = 7", "user_agent must be a text"),
        ('user_agent = ""', "user_agent must be one line"),
        (f'referer = "{SECRET}\\nX: y"', "referer must be one line"),
        (f'headers = "{SECRET}"', "headers must be a table"),
        (f'headers = {{ X-A = "{SECRET}\\r\\nX-B: c" }}', "headers.X-A must be one line"),
        (f'headers = {{ X-A = "{SECRET}\\u0000" }}', "headers.X-A must be one line"),
        (f'headers = {{ X-A = "ü{SECRET}" }}', "headers.X-A must be one line"),
        ("headers = { X-A = 7 }", "headers.X-A must be a text"),
        (f'headers = {{ "X A" = "{SECRET}" }}', "headers has 'X A', which is no name"),
        (f'headers = {{ "X-A:" = "{SECRET}" }}', "headers has 'X-A:', which is no name"),
        (f'headers = {{ "" = "{SECRET}" }}', "headers has '', which is no name"),
        (f'headers = {{ Host = "{SECRET}" }}', "headers has Host, which this service sets"),
        ('headers = { content-length = "1" }', "headers has content-length, which"),
        ('headers = { Transfer-Encoding = "chunked" }', "headers has Transfer-Encoding, which"),
        ('headers = { CONNECTION = "close" }', "headers has CONNECTION, which"),
        ('headers = { Range = "bytes=0-1" }', "headers has Range, which"),
        (f'headers = {{ X-A = "{SECRET}", x-a = "b" }}', "headers has x-a twice"),
        (f'headers = {{ Referer = "{SECRET}" }}\nreferer = "b"', "referer and the header Referer"),
    ],
)
def test_what_cannot_be_is_named_by_host_and_key_and_without_its_value(
    table: str, words: str
) -> None:
    with pytest.raises(HostRulesInvalid) as refusal:
        read(f'["cdn.example"]\n{table}')
    message = str(refusal.value)
    assert words in message
    assert '["cdn.example"]' in message
    assert SECRET not in message
    assert "\n" not in message


def test_a_name_without_quotes_is_explained() -> None:
    with pytest.raises(HostRulesInvalid, match="Write a host name in quotes"):
        read("[cdn.example]\nconnections = 3")


def test_a_key_outside_of_a_host_s_table_is_named() -> None:
    with pytest.raises(HostRulesInvalid, match='"user_agent" is in no table'):
        read('user_agent = "x"')


def test_two_spellings_of_one_host_are_refused() -> None:
    with pytest.raises(HostRulesInvalid, match="has another table already"):
        HostRules.read({"cdn.example": {}, "CDN.example": {}})


def test_nothing_that_is_printed_shows_what_is_sent() -> None:
    rules = HostRules.read(
        {"a.example": {"headers": {"X": SECRET}, "user_agent": SECRET, "referer": SECRET}}
    )
    assert SECRET not in f"{rules!r} {rules!s} {rules.of('a.example:80')!r}"
