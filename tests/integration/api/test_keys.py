"""Named keys: made and revoked from the command line, while the service runs."""

import hmac
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import create_engine, text

from app.access import key_ring, keys, sessions
from tests.integration.api.parts import (
    Service,
    accepted,
    make_csv,
    make_jpeg,
    problem,
    running_service,
    upload,
)
from tests.integration.cli.parts import run_app
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until
from tests.parts.webhook_receiver import WebhookReceiver

CSV = make_csv(("Shirt", "http://127.0.0.1:9/a.jpg"))
UNKNOWN = "01937f3a-9c1e-7c55-8a4e-3f1d2b6c7a90"
# What a shop's own visitors, a load balancer and somebody with a browser may see without a key.
OPEN_ROUTES = {
    "/",
    "/login",
    "/logout",
    "/healthz",
    "/readyz",
    "/docs",
    "/docs/errors",
    "/images/{key:path}",
    "/sample-images/{number}.jpg",
    "/assets/{version}/{name:path}",
}


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service without API_KEYS, on the DATA_DIR that commands with `folder=tmp_path` use.

    It looks for new keys more often than usual, so that tests do not wait.
    """
    monkeypatch.setattr(key_ring, "LOOK_SECONDS", 0.2)
    with running_service(tmp_path / "data") as running:
        yield running


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def made_key(service: Service, name: str) -> str:
    """A new key that the service knows already."""
    key = keys.create(service.app.state.adapters.database, name)
    time.sleep(key_ring.LOOK_SECONDS)
    return key


def test_the_first_key_closes_an_open_service_and_opens_it_for_its_holder(
    named: Service, tmp_path: Path
) -> None:
    assert named.client.get("/requests").status_code == 200
    security = named.client.get("/openapi.json").json()["paths"]["/requests"]["get"]["security"]
    assert {} in security
    done = run_app("keys", "create", "shop import", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    key = done.stdout.strip()
    assert re.fullmatch(r"ipk_[A-Za-z0-9_-]{43}", key)
    until(lambda: named.client.get("/requests").status_code == 401, timeout_seconds=4)
    assert named.client.get("/requests", headers=bearer(key)).status_code == 200
    assert named.client.get("/requests", headers={"X-API-Key": key}).status_code == 200
    problem(named.client.get("/requests", headers=bearer(key[:-1])), 401, "unauthorized")
    security = named.client.get("/openapi.json").json()["paths"]["/requests"]["get"]["security"]
    assert {} not in security


def test_a_revoked_key_opens_nothing_and_leaves_the_service_closed(
    named: Service, tmp_path: Path
) -> None:
    key = made_key(named, "shop")
    assert named.client.get("/requests", headers=bearer(key)).status_code == 200
    assert run_app("keys", "revoke", "shop", folder=tmp_path).returncode == 0
    until(
        lambda: named.client.get("/requests", headers=bearer(key)).status_code == 401,
        timeout_seconds=4,
    )
    problem(named.client.get("/requests"), 401, "unauthorized")
    assert run_app("keys", "open", folder=tmp_path).returncode == 0
    until(lambda: named.client.get("/requests").status_code == 200, timeout_seconds=4)


def test_the_commands_tell_what_is_there_and_show_a_key_once(tmp_path: Path) -> None:
    key = run_app("keys", "create", "shop", folder=tmp_path).stdout.strip()
    again = run_app("keys", "create", "shop", folder=tmp_path)
    assert (again.returncode, again.stdout) == (2, "")
    assert "already" in again.stderr
    revoked = run_app("keys", "revoke", "shop", folder=tmp_path)
    assert "still asks for keys" in revoked.stderr
    listed = run_app("keys", "list", folder=tmp_path)
    assert "shop" in listed.stdout
    assert key not in listed.stdout
    secret = key.removeprefix("ipk_").encode()
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert files
    assert not any(secret in path.read_bytes() for path in files)


def test_every_other_route_asks_for_a_key(guarded: Service) -> None:
    asked = set()
    for route in iter_route_contexts(guarded.app.routes):
        if not isinstance(route.original_route, APIRoute) or route.path in OPEN_ROUTES:
            continue
        path = re.sub(r"\{[^}]+\}", UNKNOWN, route.path)
        for method in route.methods or ():
            for headers in ({}, bearer("third-key")):
                response = guarded.client.request(method, path, headers=headers)
                # 403: a form of the page that no page of ours sent.
                assert response.status_code in {401, 403}, (method, route.path)
                asked.add((method, route.path))
    assert len(asked) > 30


def test_what_belongs_to_another_key_is_not_found_on_any_route(
    named: Service, webhook_receiver: WebhookReceiver
) -> None:
    database = named.app.state.adapters.database
    key = keys.create(database, "owner")
    other = bearer(made_key(named, "other"))
    with httpx.Client(base_url=named.base_url, headers=bearer(key)) as owner:
        request_id = accepted(owner, CSV, webhook_url=webhook_receiver.url)
        until(
            lambda: owner.get(f"/status/{request_id}").json()["status"] == "failed",
            timeout_seconds=10,
        )
        about = f"/requests/{request_id}"
        deliveries = f"{about}/webhook-deliveries"
        delivery_id = owner.get(deliveries).json()["items"][0]["id"]
        for method, path in (
            ("GET", f"/status/{request_id}"),
            ("GET", f"/check-status/{request_id}"),
            ("GET", f"/download-output-csv/{request_id}"),
            ("GET", f"{about}/images"),
            ("GET", f"{about}/hosts"),
            ("GET", f"{about}/report.csv"),
            ("GET", f"{about}/events"),
            ("POST", f"{about}/retry"),
            ("POST", f"{about}/cancel"),
            ("DELETE", about),
            ("GET", deliveries),
            ("POST", f"{deliveries}/{delivery_id}/redeliver"),
        ):
            problem(named.client.request(method, path, headers=other), 404, "not_found")
        assert named.client.get("/requests", headers=other).json()["items"] == []
        assert owner.get(f"/status/{request_id}").json()["status"] == "failed"
        assert owner.post(f"{about}/retry").status_code == 202
        assert owner.delete(about).status_code == 204


def test_the_same_idempotency_key_of_two_api_keys_makes_two_requests(named: Service) -> None:
    first = keys.create(named.app.state.adapters.database, "first")
    second = made_key(named, "second")
    ids = set()
    for key in (first, first, second):
        headers = bearer(key) | {"Idempotency-Key": "monday"}
        with httpx.Client(base_url=named.base_url, headers=headers) as client:
            ids.add(upload(client, CSV).json()["request_id"])
    assert len(ids) == 2


def test_a_stream_ends_when_its_key_is_revoked(named: Service, slow_host: ImageHost) -> None:
    slow_host.add("a.jpg", make_jpeg(), delay=8)
    key = made_key(named, "shop")
    with httpx.Client(base_url=named.base_url, headers=bearer(key), timeout=10) as client:
        request_id = accepted(client, make_csv(("Shirt", f"{slow_host.base_url}/a.jpg")))
        started = time.monotonic()
        with client.stream("GET", f"/requests/{request_id}/events") as stream:
            keys.revoke(named.app.state.adapters.database, "shop")
            lines = list(stream.iter_lines())
        assert time.monotonic() - started < 6
        assert "event: progress" in lines
        assert "event: done" not in lines
        problem(client.get(f"/requests/{request_id}/events"), 401, "unauthorized")


def test_the_page_signs_in_with_a_key_of_the_database(named: Service) -> None:
    key = made_key(named, "shop")
    with httpx.Client(base_url=named.base_url, headers={"Origin": named.base_url}) as browser:
        assert browser.get("/r/" + UNKNOWN).status_code == 401
        assert browser.post("/login", data={"key": f"{key}x"}).status_code == 401
        assert browser.post("/login", data={"key": key}).status_code == 303
        assert browser.get("/requests").status_code == 200
        keys.revoke(named.app.state.adapters.database, "shop")
        until(lambda: browser.get("/requests").status_code == 401, timeout_seconds=4)


def test_a_sign_out_ends_the_session_for_every_copy_of_the_cookie(named: Service) -> None:
    key = made_key(named, "shop")
    with signed_in(named, key) as browser, signed_in(named, key) as second:
        copy = {"page_session": browser.cookies["page_session"]}
        assert httpx.get(f"{named.base_url}/requests", cookies=copy).status_code == 200
        assert browser.post("/logout").status_code == 303
        answer = httpx.get(f"{named.base_url}/requests", cookies=copy)
        problem(answer, 401, "unauthorized")
        assert second.get("/requests").status_code == 200
        # Whoever signs in once more leaves the former session behind.
        copy = {"page_session": second.cookies["page_session"]}
        assert second.post("/login", data={"key": key}).status_code == 303
        assert second.get("/requests").status_code == 200
        assert httpx.get(f"{named.base_url}/requests", cookies=copy).status_code == 401
    assert named.client.get("/requests", headers=bearer(key)).status_code == 200


def test_a_session_ends_by_itself_after_a_month(
    named: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = made_key(named, "shop")
    with signed_in(named, key) as browser:
        later = sessions.now() + sessions.KEPT
        monkeypatch.setattr(sessions, "now", lambda: later - timedelta(seconds=1))
        assert browser.get("/requests").status_code == 200
        monkeypatch.setattr(sessions, "now", lambda: later + timedelta(seconds=1))
        assert browser.get("/requests").status_code == 401
        # The next sign-in removes what is past its time.
        with signed_in(named, key):
            database = named.app.state.adapters.database
            with database.read() as connection:
                assert connection.execute(text("SELECT count(*) FROM page_sessions")).scalar() == 1


def test_the_cookie_of_earlier_versions_which_was_made_of_the_key_opens_nothing(
    named: Service,
) -> None:
    key = made_key(named, "shop")
    made = hmac.new(key.encode(), b"page session", "sha256").hexdigest()
    answer = httpx.get(f"{named.base_url}/requests", cookies={"page_session": made})
    problem(answer, 401, "unauthorized")


def test_guessing_is_slowed_down_and_a_good_key_is_not(named: Service) -> None:
    key = made_key(named, "shop")
    answers = [named.client.get("/requests", headers=bearer(f"wrong-{n}")) for n in range(50)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 40
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    problem(answers[-1], 429, "too_many_wrong_keys")
    headers = {"Origin": named.base_url}
    page = named.client.post("/login", data={"key": "wrong"}, headers=headers)
    assert (page.status_code, "wait before" in page.text) == (429, True)
    assert int(page.headers["retry-after"]) > 0
    # The same client, as all are behind a proxy.
    assert named.client.get("/requests", headers=bearer(key)).status_code == 200
    with signed_in(named, key) as browser:
        assert browser.get("/requests").status_code == 200
    problem(named.client.get("/requests"), 401, "unauthorized")


@contextmanager
def signed_in(service: Service, key: str) -> Iterator[httpx.Client]:
    """A browser that the page knows."""
    headers = {"Origin": service.base_url}
    with httpx.Client(base_url=service.base_url, headers=headers) as browser:
        assert browser.post("/login", data={"key": key}).status_code == 303
        yield browser


def test_the_digests_of_a_leaked_database_open_nothing(named: Service) -> None:
    with signed_in(named, made_key(named, "shop")):
        pass
    database = named.app.state.adapters.database
    with database.read() as connection:
        digest = connection.execute(text("SELECT digest FROM api_keys")).scalar_one()
        session = connection.execute(text("SELECT digest, owner FROM page_sessions")).one()
    for value in (digest, *session):
        assert named.client.get("/requests", headers=bearer(value)).status_code == 401
        cookies = {"page_session": value}
        assert httpx.get(f"{named.base_url}/requests", cookies=cookies).status_code == 401


def test_keys_stay_good_while_the_database_is_away(named: Service) -> None:
    key = made_key(named, "shop")
    assert named.client.get("/metrics", headers=bearer(key)).status_code == 200
    database = named.app.state.adapters.database
    good = database.engine
    database.engine = create_engine("sqlite:////nowhere/at/all.db")
    try:
        time.sleep(key_ring.LOOK_SECONDS)
        assert "database_up 0.0" in named.client.get("/metrics", headers=bearer(key)).text
        problem(named.client.get("/metrics"), 401, "unauthorized")
        problem(named.client.get("/requests", headers=bearer(key)), 503, "unavailable")
    finally:
        database.engine = good


def test_a_check_of_a_key_costs_no_query(named: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    key = made_key(named, "shop")
    named.client.get("/download-input-csv", headers=bearer(key))
    # However slow this machine is at the moment, it is not yet time to look again.
    monkeypatch.setattr(key_ring, "LOOK_SECONDS", 3600.0)
    ring = named.app.state.keys
    looks: list[float] = []
    look = ring._look
    ring._look = lambda database: looks.append(look(database))
    try:
        for _ in range(20):
            headers = bearer(key)
            assert named.client.get("/download-input-csv", headers=headers).status_code == 200
    finally:
        ring._look = look
    assert looks == []
