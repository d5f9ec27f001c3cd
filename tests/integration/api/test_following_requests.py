"""Status, lists, images, retry, cancel, delete."""

import httpx
import pytest

from app.api.contract.deliveries import Delivery, DeliveryList
from app.api.contract.hosts import HostPage
from app.api.contract.images import ImagePage
from app.api.contract.requests import RequestPage, RequestState
from tests.integration.api.parts import (
    Service,
    accepted,
    ended,
    make_csv,
    make_jpeg,
    problem,
    running_service,
)
from tests.parts.image_host import Answer, ImageHost
from tests.parts.waiting import until
from tests.parts.webhook_receiver import WebhookReceiver

UNKNOWN = "01937f3a-9c1e-7c55-8a4e-3f1d2b6c7a90"
PER_REQUEST = [
    ("GET", "/status/{id}"),
    ("GET", "/download-output-csv/{id}"),
    ("GET", "/requests/{id}/images"),
    ("GET", "/requests/{id}/hosts"),
    ("GET", "/requests/{id}/report.csv"),
    ("GET", "/requests/{id}/events"),
    ("POST", "/requests/{id}/retry"),
    ("POST", "/requests/{id}/cancel"),
    ("DELETE", "/requests/{id}"),
    ("GET", "/requests/{id}/webhook-deliveries"),
    ("POST", "/requests/{id}/webhook-deliveries/" + UNKNOWN + "/redeliver"),
    ("GET", "/check-status/{id}"),
]


@pytest.fixture
def done(client: httpx.Client, image_host: ImageHost) -> str:
    """A request with one good and one missing picture, at its end."""
    good = image_host.add("good.jpg", make_jpeg())
    request_id = accepted(client, make_csv(("Shirt", good), ("Mug", image_host.url("gone.jpg"))))
    ended(client, request_id)
    return request_id


def test_the_status_tells_counts_bytes_and_errors(client: httpx.Client, done: str) -> None:
    document = client.get(f"/status/{done}").json()
    RequestState.model_validate(document)
    assert document["status"] == "completed"
    assert document["images"]["total"] == 2
    assert (document["images"]["completed"], document["images"]["failed"]) == (1, 1)
    assert document["errors"] == {"http_status": 1}
    assert document["progress_percent"] == 100
    assert document["bytes"]["input"] > document["bytes"]["output"] > 0


def test_an_unchanged_status_answers_304(client: httpx.Client, done: str) -> None:
    first = client.get(f"/status/{done}")
    again = client.get(f"/status/{done}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = client.get(f"/status/{done}", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_images_are_listed_in_the_order_of_the_file(client: httpx.Client, done: str) -> None:
    page = client.get(f"/requests/{done}/images").json()
    ImagePage.model_validate(page)
    good, gone = page["items"]
    assert (good["row"], good["status"], good["product"]["name"]) == (2, "completed", "Shirt")
    assert good["output_url"] == f"{client.base_url}/images/{done}/2-1-shirt.jpg"
    assert (gone["row"], gone["error"]["code"], gone["error"]["http_status"]) == (
        3,
        "http_status",
        404,
    )
    failed = client.get(f"/requests/{done}/images", params={"status": "failed"}).json()
    assert failed["items"] == [gone]


def test_pages_of_images_join_without_gap_or_repeat(client: httpx.Client, done: str) -> None:
    first = client.get(f"/requests/{done}/images", params={"limit": 1})
    address, _, relation = first.headers["link"].partition(";")
    assert relation.strip() == 'rel="next"'
    second = client.get(address.strip("<>"))
    assert [item["row"] for item in first.json()["items"] + second.json()["items"]] == [2, 3]
    assert second.json()["next_cursor"] is None
    assert "link" not in second.headers


def test_the_filters_of_images_stay_in_the_next_link(client: httpx.Client, done: str) -> None:
    host = client.get(f"/requests/{done}/hosts").json()["items"][0]["host"]
    filters = {"host": host, "q": ".JPG", "limit": 1}
    first = client.get(f"/requests/{done}/images", params=filters)
    second = client.get(first.headers["link"].partition(";")[0].strip("<>"))
    assert [item["row"] for item in first.json()["items"] + second.json()["items"]] == [2, 3]
    named = client.get(f"/requests/{done}/images", params={"code": "http_status"}).json()
    assert [item["row"] for item in named["items"]] == [3]
    refused = client.get(f"/requests/{done}/images", params={"code": "gone"})
    assert "http_status" in problem(refused, 422, "option_invalid")["detail"]


def test_hosts_are_listed_with_their_counters_in_pages(
    client: httpx.Client, image_host: ImageHost, slow_host: ImageHost
) -> None:
    urls = [image_host.add("a.jpg", make_jpeg()), slow_host.url("gone.jpg")]
    request_id = accepted(client, make_csv(("Shirt", ", ".join(urls))))
    ended(client, request_id)
    first = client.get(f"/requests/{request_id}/hosts", params={"limit": 1})
    second = client.get(first.headers["link"].partition(";")[0].strip("<>"))
    for page in (first, second):
        HostPage.model_validate(page.json())
    assert "link" not in second.headers
    items = first.json()["items"] + second.json()["items"]
    names = [f"127.0.0.1:{host.base_url.rpartition(':')[2]}" for host in (image_host, slow_host)]
    assert [item["host"] for item in items] == sorted(names)
    counted = {item["host"]: item["images"] for item in items}
    assert counted[names[0]] == {"total": 1, "completed": 1, "failed": 0, "pending": 0}
    assert counted[names[1]] == {"total": 1, "completed": 0, "failed": 1, "pending": 0}
    assert client.get(f"/status/{request_id}").json()["links"]["hosts"].endswith("/hosts")
    nonsense = client.get(f"/requests/{request_id}/hosts", params={"cursor": "AA"})
    problem(nonsense, 422, "option_invalid")


def test_requests_are_listed_newest_first_in_pages(client: httpx.Client) -> None:
    csv = make_csv(("Shirt", "http://127.0.0.1:9/a.jpg"))
    made = [accepted(client, csv) for _ in range(3)]
    seen: list[str] = []
    address: str | None = "/requests?limit=2"
    while address and len(seen) < 3:
        response = client.get(address)
        RequestPage.model_validate(response.json())
        seen += [item["request_id"] for item in response.json()["items"]]
        link = response.headers.get("link")
        address = link.partition(";")[0].strip("<>") if link else None
    assert seen[:3] == made[::-1]


def test_the_filter_stays_in_the_next_link(client: httpx.Client, done: str) -> None:
    accepted(client, make_csv(("Shirt", "http://127.0.0.1:9/a.jpg")))
    response = client.get("/requests", params={"limit": 1, "status": "completed"})
    assert [item["status"] for item in response.json()["items"]] == ["completed"]
    if "link" in response.headers:
        assert "status=completed" in response.headers["link"]


@pytest.mark.parametrize(
    ("query", "option"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=many", "limit"),
        ("status=done", "status"),
        ("cursor=%00%ff", "cursor"),
        ("cursor=AAAA", "cursor"),
        ("cursor=" + "A" * 3_000, "cursor"),
    ],
)
def test_impossible_list_parameters_are_named(
    client: httpx.Client, done: str, query: str, option: str
) -> None:
    for path in ("/requests", f"/requests/{done}/images"):
        document = problem(client.get(f"{path}?{query}"), 422, "option_invalid")
        assert document["option"] == option
        assert option in document["detail"]


@pytest.mark.parametrize(("method", "path"), PER_REQUEST)
@pytest.mark.parametrize("request_id", [UNKNOWN, "nonsense", "%00", "a%0Ab", "%F0%9F", "0" * 500])
def test_unknown_and_malformed_ids_are_not_found(
    client: httpx.Client, method: str, path: str, request_id: str
) -> None:
    response = client.request(method, path.replace("{id}", request_id, 1))
    problem(response, 404, "not_found")


def test_failed_images_can_be_tried_again(client: httpx.Client, image_host: ImageHost) -> None:
    url = image_host.add_answers("late.jpg", [Answer(b"", 404), Answer(make_jpeg())])
    request_id = accepted(client, make_csv(("Shirt", url)))
    assert ended(client, request_id)["status"] == "failed"
    response = client.post(f"/requests/{request_id}/retry")
    assert response.status_code == 202
    RequestState.model_validate(response.json())
    assert ended(client, request_id)["status"] == "completed"
    problem(client.post(f"/requests/{request_id}/retry"), 409, "wrong_state")


def test_a_running_request_can_be_cancelled(client: httpx.Client, slow_host: ImageHost) -> None:
    urls = [slow_host.add(f"{n}.jpg", make_jpeg(), delay=1) for n in range(300)]
    request_id = accepted(client, make_csv(*[("Shirt", url) for url in urls]))
    until(lambda: slow_host.requests != [], timeout_seconds=10)
    response = client.post(f"/requests/{request_id}/cancel")
    assert response.status_code == 200
    assert response.json()["status"] == "cancelled"
    RequestState.model_validate(client.get(f"/status/{request_id}").json())
    assert client.get(f"/download-output-csv/{request_id}").status_code == 200


def test_a_retry_of_a_code_or_host_is_checked_before_anything_changes(
    client: httpx.Client, done: str
) -> None:
    address = f"/requests/{done}/retry"
    refused = problem(client.post(address, params={"code": "gone"}), 422, "option_invalid")
    assert "http_status" in refused["detail"]
    assert refused["option"] == "code"
    for host in ("http://", "a b", "\0", ":80"):
        refused = problem(client.post(address, params={"host": host}), 422, "option_invalid")
        assert refused["option"] == "host"
    for nothing in ({"code": "timeout"}, {"host": "shop.example"}):
        problem(client.post(address, params=nothing), 409, "wrong_state")
    assert client.get(f"/status/{done}").json()["status"] == "completed"
    assert client.post(address, params={"code": "http_status"}).status_code == 202
    assert ended(client, done)["images"]["failed"] == 1


def test_a_deleted_request_is_gone_with_its_pictures(client: httpx.Client, done: str) -> None:
    picture = client.get(f"/requests/{done}/images").json()["items"][0]["output_url"]
    assert client.get(picture).status_code == 200
    response = client.delete(f"/requests/{done}")
    assert (response.status_code, response.content) == (204, b"")
    problem(client.get(f"/status/{done}"), 404, "not_found")
    problem(client.get(picture), 404, "route_not_found")
    problem(client.delete(f"/requests/{done}"), 404, "not_found")
    assert done not in client.get("/requests", params={"limit": 500}).text


def test_requests_survive_a_restart_of_the_service(
    tmp_path_factory: pytest.TempPathFactory, image_host: ImageHost
) -> None:
    folder = tmp_path_factory.mktemp("restarted")
    url = image_host.add("a.jpg", make_jpeg())
    with running_service(folder) as before:
        request_id = accepted(before.client, make_csv(("Shirt", url)))
    with running_service(folder) as after:
        assert ended(after.client, request_id)["status"] == "completed"


def test_deliveries_are_listed_and_sent_again(
    service: Service, webhook_receiver: WebhookReceiver, image_host: ImageHost
) -> None:
    url = image_host.add("a.jpg", make_jpeg())
    request_id = accepted(
        service.client, make_csv(("Shirt", url)), webhook_url=webhook_receiver.url
    )
    first = webhook_receiver.wait_for(1)[0]
    address = f"/requests/{request_id}/webhook-deliveries"

    def delivered() -> bool:
        items = service.client.get(address).json()["items"]
        return bool(items) and items[0]["status"] == "delivered"

    until(delivered, timeout_seconds=10)
    document = service.client.get(address).json()
    DeliveryList.model_validate(document)
    delivery = document["items"][0]
    assert delivery["event"] == "request.completed"
    assert delivery["attempts"][0]["status_code"] == 204
    response = service.client.post(f"{address}/{delivery['id']}/redeliver")
    assert response.status_code == 202
    Delivery.model_validate(response.json())
    second = webhook_receiver.wait_for(2)[1]
    assert second.headers["webhook-id"] == first.headers["webhook-id"] == delivery["webhook_id"]
    assert second.body == first.body
    unknown = service.client.post(f"{address}/nonsense/redeliver")
    problem(unknown, 404, "not_found")
