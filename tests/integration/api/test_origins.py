"""Other sites' pages reach nothing: not by a name of theirs, and not by a form or script."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.access import key_ring
from tests.integration.api.parts import (
    Service,
    accepted,
    make_csv,
    problem,
    running_service,
    upload,
)

CSV = make_csv(("Shirt", "http://127.0.0.1:9/a.jpg"))
UNKNOWN = "01937f3a-9c1e-7c55-8a4e-3f1d2b6c7a90"
KEY = {"Authorization": "Bearer first-key-of-tests"}
FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none", "Origin": "https://evil.example"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://[evil"},
)
WRITES = (
    ("POST", "/upload"),
    ("POST", "/upload/"),
    ("POST", "/upload-csv"),
    ("POST", f"/requests/{UNKNOWN}/retry"),
    ("POST", f"/requests/{UNKNOWN}/cancel"),
    ("DELETE", f"/requests/{UNKNOWN}"),
    ("PUT", "/no/such/route"),
    ("POST", "/login"),
    ("POST", "/"),
)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An open service that knows a few names."""
    with running_service(
        tmp_path_factory.mktemp("named"),
        public_base_url="https://Images.example",
        trusted_hosts="pictures.example, *.shop.example,192.168.1.5,[fd00::5],bücher.example",
    ) as running:
        yield running


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example"),
        *("evillocalhost", "192.168.1.5:8000", "169.254.1.1", "[::2]", "0.0.0.0"),
        *("", ":8000", "localhost@evil.example", "a b", "localhost:8000:1", "ex\u00e4mple"),
    ],
)
def test_an_open_service_reads_and_writes_nothing_under_an_unknown_name(
    service: Service, host: str
) -> None:
    request_id = accepted(service.client, CSV)
    headers = {"Host": host.encode("latin-1")}
    for method, path in (
        ("GET", "/"),
        ("GET", "/requests"),
        ("GET", f"/status/{request_id}"),
        ("GET", "/metrics"),
        ("DELETE", f"/requests/{request_id}"),
    ):
        problem(service.client.request(method, path, headers=headers), 421, "unknown_host")
    assert service.client.get(f"/status/{request_id}").status_code == 200


def test_the_refusal_says_which_setting_lets_a_person_of_the_network_in(service: Service) -> None:
    answer = service.client.get("/", headers={"Host": "192.168.1.5:8000"})
    assert "TRUSTED_HOSTS=192.168.1.5," in problem(answer, 421, "unknown_host")["detail"]


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:1", "localhost.", "a.localhost", "127.0.0.1", "127.1.2.3", "[::1]:8"],
)
def test_loopback_is_known_under_all_its_names(service: Service, host: str) -> None:
    assert service.client.get("/requests", headers={"Host": host}).status_code == 200


def test_health_is_told_under_every_name(service: Service) -> None:
    for path in ("/healthz", "/readyz"):
        assert service.client.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("images.example", True),
        ("IMAGES.EXAMPLE:443", True),
        ("pictures.example:8000", True),
        ("a.pictures.example", False),
        ("a.shop.example", True),
        ("a.b.shop.example", True),
        ("shop.example", False),
        ("evilshop.example", False),
        ("192.168.1.5:8000", True),
        ("192.168.1.50", False),
        ("[fd00::5]:8000", True),
        ("xn--bcher-kva.example", True),
        ("127.0.0.1", True),
    ],
)
def test_the_operator_s_names_are_known(named: Service, host: str, known: bool) -> None:
    answer = named.client.get("/requests", headers={"Host": host})
    assert answer.status_code == (200 if known else 421)


def test_a_star_knows_every_name(tmp_path: Path) -> None:
    with running_service(tmp_path, trusted_hosts="*") as service:
        answer = service.client.get("/requests", headers={"Host": "any.example"})
        assert answer.status_code == 200


def test_with_keys_any_name_will_do(guarded: Service) -> None:
    headers = {"Host": "any.example"}
    assert guarded.client.get("/requests", headers=headers | KEY).status_code == 200
    problem(guarded.client.get("/requests", headers=headers), 401, "unauthorized")


def test_a_first_key_ends_the_question_for_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.access import keys

    monkeypatch.setattr(key_ring, "LOOK_SECONDS", 0)
    with running_service(tmp_path) as service:
        headers = {"Host": "any.example"}
        assert service.client.get("/requests", headers=headers).status_code == 421
        key = keys.create(service.app.state.adapters.database, "shop")
        headers["X-API-Key"] = key
        assert service.client.get("/requests", headers=headers).status_code == 200


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_page_of_another_site_changes_anything(
    service: Service, guarded: Service, method: str, path: str, headers: dict[str, str]
) -> None:
    before = service.client.get("/requests").json()
    file = {"file": ("a.csv", CSV, "text/csv")}
    problem(service.client.request(method, path, headers=headers, files=file), 403, "foreign_page")
    assert service.client.get("/requests").json() == before
    answer = guarded.client.request(method, path, headers=headers | KEY, files=file)
    problem(answer, 403, "foreign_page")


def test_own_pages_programs_and_readers_go_on(service: Service) -> None:
    own = {"Origin": service.base_url}
    for headers in ({}, own, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        with httpx.Client(base_url=service.base_url, headers=headers) as client:
            assert upload(client, CSV).status_code == 202
    for headers in FOREIGN:
        assert service.client.get("/requests", headers=headers).status_code == 200
