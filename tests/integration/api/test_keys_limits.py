"""What one key may ask for, and that others do not notice."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import text

from app.access import limits
from app.db.requests import usage
from app.domain.retry import CALL_AGAIN_LATER_SECONDS
from tests.integration.api.parts import (
    Service,
    accepted,
    ended,
    make_csv,
    make_jpeg,
    problem,
    running_service,
    upload,
)
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until

FAILING = make_csv(("Shirt", "http://127.0.0.1:9/a.jpg"))


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Each key may upload three times a minute and have four images open."""
    folder = tmp_path_factory.mktemp("limited")
    api_keys = ",".join(f"key-of-tests-{number:03}" for number in range(11))
    with running_service(
        folder, api_keys=api_keys, uploads_per_minute=3, max_open_images=4
    ) as running:
        yield running


def client_of(service: Service, *, number: int) -> httpx.Client:
    headers = {"Authorization": f"Bearer key-of-tests-{number:03}"}
    return httpx.Client(base_url=service.base_url, headers=headers, timeout=20)


def too_many(response: httpx.Response, code: str) -> int:
    """The seconds to wait of an answer that has to be a 429."""
    problem(response, 429, code)
    return int(response.headers["retry-after"])


def slow_csv(host: ImageHost, images: int) -> bytes:
    """Pictures that take longer than a test."""
    for number in range(images):
        host.add(f"{number}.jpg", make_jpeg(), delay=30)
    urls = " ".join(f"{host.base_url}/{number}.jpg" for number in range(images))
    return make_csv(("Shirt", urls))


def test_uploads_beyond_the_limit_are_told_when_there_is_room_again(limited: Service) -> None:
    with client_of(limited, number=0) as client:
        for _ in range(3):
            accepted(client, FAILING)
        assert 50 <= too_many(upload(client, FAILING), "too_many_uploads") <= 60
        response = client.post("/upload-csv", files={"file": ("a.csv", FAILING)})
        too_many(response, "too_many_uploads")
        # What stores nothing, and what only asks, goes on.
        assert upload(client, FAILING, dry_run="true").status_code == 200
        assert len(client.get("/requests").json()["items"]) == 3
    with client_of(limited, number=1) as other:
        accepted(other, FAILING)


def test_what_was_uploaded_a_minute_ago_does_not_count(
    limited: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client_of(limited, number=2) as client:
        for _ in range(3):
            accepted(client, FAILING)
        too_many(upload(client, FAILING), "too_many_uploads")
        monkeypatch.setattr(limits, "UPLOAD_WINDOW", limits.UPLOAD_WINDOW * 0)
        accepted(client, FAILING)


def test_deletes_do_not_refill_the_limit_of_uploads(
    limited: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"Idempotency-Key": "once"}
    with client_of(limited, number=10) as client:
        ids = []
        for _ in range(3):
            sent = client.post("/upload", files={"file": ("a.csv", FAILING)}, headers=headers)
            ids.append(sent.json()["request_id"])
            ended(client, ids[-1])
            assert client.delete(f"/requests/{ids[-1]}").status_code == 204
        # With its request the answer to a repeat is gone, too.
        assert len(set(ids)) == 3
        for _ in range(4):
            assert 30 <= too_many(upload(client, FAILING), "too_many_uploads") <= 60
        assert client.get("/requests").json()["items"] == []
        problem(client.get(f"/status/{ids[0]}"), 404, "not_found")
        assert not uploads_kept(limited) & set(ids)
        time.sleep(1.2)  # two sweeps
        too_many(upload(client, FAILING), "too_many_uploads")
        # When the window is over, the sweep removes what was left of them.
        monkeypatch.setattr(limits, "UPLOAD_WINDOW", -usage.CLOCK_SKEW)
        until(lambda: not rows_left(limited, ids), timeout_seconds=10)
        accepted(client, FAILING)


def rows_left(service: Service, ids: list[str]) -> int:
    query = text("SELECT count(*) FROM requests WHERE id IN (:a, :b, :c)")
    with service.app.state.adapters.database.read() as connection:
        return int(connection.execute(query, dict(zip("abc", ids, strict=True))).scalar_one())


def test_a_refused_upload_counts_for_nothing(limited: Service) -> None:
    with client_of(limited, number=3) as client:
        for _ in range(5):
            problem(upload(client, b"a,b\r\n1,2\r\n"), 422, "csv_invalid")
        for _ in range(3):
            accepted(client, FAILING)


def test_uploads_at_the_same_moment_do_not_slip_through(limited: Service) -> None:
    with client_of(limited, number=4) as client, ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: upload(client, FAILING).status_code, range(12)))
    assert sorted(answers) == [202] * 3 + [429] * 9


def test_repeats_of_one_upload_get_its_answer_and_do_not_count(limited: Service) -> None:
    headers = {"Idempotency-Key": "once"}
    with client_of(limited, number=5) as client:
        for _ in range(2):
            accepted(client, FAILING)

        def send(_: int) -> httpx.Response:
            return client.post("/upload", files={"file": ("a.csv", FAILING)}, headers=headers)

        with ThreadPoolExecutor(12) as threads:
            answers = list(threads.map(send, range(12)))
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.json()["request_id"] for answer in answers}) == 1
        too_many(upload(client, FAILING), "too_many_uploads")
        assert send(0).json() == answers[0].json()


def test_images_beyond_the_limit_wait_until_others_are_done(
    limited: Service, slow_host: ImageHost
) -> None:
    with client_of(limited, number=6) as client:
        request_id = accepted(client, slow_csv(slow_host, 3))
        answer = upload(client, slow_csv(slow_host, 2))
        assert too_many(answer, "too_many_open_images") == CALL_AGAIN_LATER_SECONDS
        assert client.post(f"/requests/{request_id}/cancel").status_code == 200
        second = accepted(client, slow_csv(slow_host, 4))
        too_many(upload(client, FAILING), "too_many_open_images")
        assert client.delete(f"/requests/{second}").status_code == 204
        accepted(client, FAILING)


def test_a_file_that_could_never_fit_is_not_told_to_wait(
    limited: Service, slow_host: ImageHost
) -> None:
    with client_of(limited, number=7) as client:
        answer = upload(client, slow_csv(slow_host, 5))
        document = problem(answer, 413, "upload_too_large")
        assert "split" in document["detail"]
        assert "retry-after" not in answer.headers
        assert client.get("/requests").json()["items"] == []


def test_a_retry_opens_images_again_and_counts(limited: Service, slow_host: ImageHost) -> None:
    with client_of(limited, number=8) as client:
        failed = accepted(client, FAILING)
        ended(client, failed)
        accepted(client, slow_csv(slow_host, 4))
        too_many(client.post(f"/requests/{failed}/retry"), "too_many_open_images")
        state = client.get(f"/status/{failed}").json()
        assert (state["status"], state["images"]["failed"]) == ("failed", 1)


def test_refused_uploads_leave_no_files(limited: Service, slow_host: ImageHost) -> None:
    with client_of(limited, number=9) as client:
        kept = {accepted(client, FAILING) for _ in range(3)}
        before = uploads_kept(limited)
        upload(client, FAILING)
        upload(client, slow_csv(slow_host, 5))
        assert uploads_kept(limited) == before
        assert kept <= before


def uploads_kept(service: Service) -> set[str]:
    folders = (service.data_dir / "files").rglob("*.csv")
    return {path.parent.name for path in folders}


def test_without_keys_there_are_no_limits(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("open")
    with running_service(folder, uploads_per_minute=1, max_open_images=1) as service:
        two = make_csv(("Shirt", "http://127.0.0.1:9/a.jpg http://127.0.0.1:9/b.jpg"))
        for _ in range(3):
            accepted(service.client, two)
