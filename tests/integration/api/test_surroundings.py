"""What holds for every route: errors, headers, ids, slashes, old spellings, health, docs."""

import re

import httpx
import pytest

from tests.integration.api.parts import (
    Service,
    accepted,
    ended,
    make_csv,
    problem,
    running_service,
    upload,
)

CSV = make_csv(("Shirt", "http://127.0.0.1:9/a.jpg"))
UNKNOWN = "01937f3a-9c1e-7c55-8a4e-3f1d2b6c7a90"


@pytest.mark.parametrize("path", ["/nothing", "/upload/extra", "/requests/x/y", "/docs/static/no"])
def test_an_unknown_route_is_a_problem_document(client: httpx.Client, path: str) -> None:
    problem(client.get(path), 404, "route_not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/upload", "POST"),
        ("DELETE", f"/status/{UNKNOWN}", "GET, HEAD"),
        ("GET", f"/requests/{UNKNOWN}", "DELETE"),
        ("PUT", "/requests", "GET, HEAD"),
        ("OPTIONS", "/upload", "POST"),
        ("POST", "/", "GET, HEAD"),
    ],
)
def test_a_wrong_method_names_the_right_ones(
    client: httpx.Client, method: str, path: str, allowed: str
) -> None:
    response = client.request(method, path)
    problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == allowed


def test_every_problem_type_leads_to_an_explanation(client: httpx.Client) -> None:
    address = client.get("/nothing").json()["type"]
    page, _, anchor = address.partition("#")
    response = client.get(page)
    assert response.headers["content-type"].startswith("text/html")
    assert f'id="{anchor}"' in response.text


def test_a_fault_of_ours_is_a_500_that_tells_nothing(service: Service) -> None:
    before = service.app.state.adapters
    service.app.state.adapters = None
    try:
        response = service.client.get(f"/status/{UNKNOWN}", headers={"X-Request-ID": "fault-1"})
    finally:
        service.app.state.adapters = before
    document = problem(response, 500, "internal_error")
    assert "NoneType" not in response.text
    assert "/app/" not in response.text
    assert document["detail"] == "This is a fault of the service."
    assert response.headers["x-request-id"] == "fault-1"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_a_database_that_is_away_is_a_503_with_retry_after(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with running_service(tmp_path_factory.mktemp("away")) as service:
        database = service.app.state.adapters.database
        good = database.engine
        from sqlalchemy import create_engine

        database.engine = create_engine("sqlite:////nowhere/at/all.db")
        try:
            response = service.client.get(f"/status/{UNKNOWN}")
            problem(response, 503, "unavailable")
            assert int(response.headers["retry-after"]) > 0
            assert "nowhere" not in response.text
            document = problem(service.client.get("/readyz"), 503, "unavailable")
            assert document["checks"]["database"] == "unavailable"
            assert "database_up 0.0" in service.client.get("/metrics").text
            assert service.client.get("/healthz").status_code == 200
        finally:
            database.engine = good
        assert service.client.get("/readyz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/nothing", "/docs", "/", "/download-input-csv"])
def test_security_headers_stand_on_every_answer(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "server" not in headers or "python" not in headers["server"].lower()


def test_a_sane_call_id_is_kept_and_any_other_replaced(client: httpx.Client) -> None:
    def answered(sent: str) -> str:
        return client.get("/healthz", headers={"X-Request-ID": sent}).headers["x-request-id"]

    assert answered("deploy-7.call_2") == "deploy-7.call_2"
    for sent in ("", "a b", "x" * 65, '"><script>'):
        assert re.fullmatch(r"[0-9a-f]{32}", answered(sent))


def test_trailing_slashes_answer_without_a_redirect(client: httpx.Client) -> None:
    response = client.post("/upload/", files={"file": ("a.csv", CSV)})
    assert response.status_code == 202
    request_id = response.json()["request_id"]
    for path in (f"/status/{request_id}/", "/requests/", "/healthz/", "/docs/"):
        assert client.get(path).status_code == 200, path


@pytest.mark.parametrize("path", ["/upload-csv", "/upload-csv/", "/api/upload", "/api/upload/"])
def test_old_clients_can_upload(client: httpx.Client, path: str) -> None:
    response = client.post(path, files={"file": ("a.csv", CSV)}, data={"quality": "40"})
    assert response.status_code == 200
    document = response.json()
    assert document["task_id"] == document["request_id"]
    assert client.get(f"/status/{document['request_id']}").json()["options"]["quality"] == 40
    problem(client.post(path), 400, "upload_missing")


@pytest.mark.parametrize("path", ["/check-status/", "/api/status/"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_old_clients_can_ask_for_the_status(client: httpx.Client, path: str, slash: str) -> None:
    request_id = accepted(client, CSV)
    ended(client, request_id)
    response = client.get(f"{path}{request_id}{slash}")
    assert response.status_code == 200
    assert response.json() == client.get(f"/status/{request_id}").json() | {"uuid": request_id}


def test_health_readiness_and_metrics_answer(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz").json()
    assert (ready["status"], ready["checks"]["database"]) == ("ok", "ok")
    client.get(f"/status/{UNKNOWN}")
    metrics = client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    line = 'http_requests_total{method="GET",route="/status/{request_id}",status="404"}'
    assert line in metrics.text
    assert UNKNOWN not in metrics.text
    assert "images_waiting" in metrics.text


def test_the_documentation_needs_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/docs").text
    files = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(files) == 4
    for file in files:
        assert file.startswith("/docs/static/")
        assert client.get(file).status_code == 200
    script = client.get("/docs/static/docs.js").text
    assert "/openapi.json" in script
    assert "http" not in script
    assert client.get("/openapi.json").json()["openapi"].startswith("3.")


def test_the_page_uploads_to_the_api(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert 'name="file"' in page.text


def test_without_a_known_key_only_open_routes_answer(guarded: Service) -> None:
    client = guarded.client
    for path in ("/healthz", "/readyz", "/docs", "/docs/errors", "/openapi.json", "/"):
        assert client.get(path).status_code == 200, path
    problem(client.get(f"/images/{UNKNOWN}/2-1-a.jpg"), 404, "route_not_found")
    for method, path in (
        ("POST", "/upload"),
        ("POST", "/upload-csv"),
        ("GET", f"/status/{UNKNOWN}"),
        ("GET", f"/check-status/{UNKNOWN}"),
        ("GET", f"/download-output-csv/{UNKNOWN}"),
        ("GET", "/download-input-csv"),
        ("GET", "/requests"),
        ("GET", f"/requests/{UNKNOWN}/images"),
        ("GET", f"/requests/{UNKNOWN}/hosts"),
        ("GET", f"/requests/{UNKNOWN}/report.csv"),
        ("GET", f"/requests/{UNKNOWN}/events"),
        ("POST", f"/requests/{UNKNOWN}/retry"),
        ("POST", f"/requests/{UNKNOWN}/cancel"),
        ("DELETE", f"/requests/{UNKNOWN}"),
        ("GET", f"/requests/{UNKNOWN}/webhook-deliveries"),
        ("POST", f"/requests/{UNKNOWN}/webhook-deliveries/{UNKNOWN}/redeliver"),
        ("GET", "/metrics"),
    ):
        for headers in ({}, {"X-API-Key": "third-key"}, {"Authorization": "Basic Zmlyc3Qta2V5"}):
            response = client.request(method, path, headers=headers)
            problem(response, 401, "unauthorized")
            assert response.headers["www-authenticate"].startswith("Bearer")


def test_a_key_sees_only_its_own_requests(guarded: Service) -> None:
    first = {"Authorization": "Bearer first-key-of-tests"}
    second = {"X-API-Key": "second-key-of-tests"}
    client = guarded.client
    with httpx.Client(base_url=guarded.base_url, headers=first) as uploader:
        request_id = upload(uploader, CSV).json()["request_id"]
    assert client.get(f"/status/{request_id}", headers=first).status_code == 200
    problem(client.get(f"/status/{request_id}", headers=second), 404, "not_found")
    problem(client.delete(f"/requests/{request_id}", headers=second), 404, "not_found")
    assert client.get("/requests", headers=second).json()["items"] == []
    assert len(client.get("/requests", headers=first).json()["items"]) == 1
