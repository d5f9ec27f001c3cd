"""The compose stack, really built and run: `./test.sh compose`.

The tests follow one stack through its life and need the order in which they stand. They are no part
of the ordinary run, because they need a Docker engine; without one they fail.
"""

import csv
import io
import subprocess
from collections.abc import Iterator

import pytest
from PIL import Image

from tests.compose.stack import Stack

APP_SERVICES = ("api", "worker", "migrate", "secrets")
SLOW = 240


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    for probe in (["docker", "info"], ["docker", "compose", "version"]):
        try:
            done = subprocess.run(probe, capture_output=True, text=True, timeout=60, check=False)
            fault = done.stderr.strip() if done.returncode else ""
        except OSError as error:
            fault = str(error)
        assert not fault, f"the compose test needs a Docker engine with compose: {fault}"
    stack = Stack()
    try:
        stack.compose("config", "-q")
        stack.compose("--profile", "monitoring", "--profile", "dev", "config", "-q")
        stack.compose("build", "-q", seconds=900)
        stack.up()
        yield stack
    finally:
        stack.close()


@pytest.fixture(scope="module")
def first_request(stack: Stack) -> str:
    return stack.upload([f"http://pictures:8080/0/{number}.jpg" for number in range(12)])


def slow_urls(name: str) -> list[str]:
    """So many that all workers together need several seconds for them."""
    return [f"http://pictures:8080/0.5/{name}-{number}.jpg" for number in range(SLOW)]


def in_the_middle(status: dict) -> bool:
    return status["images"]["completed"] >= 20


def assert_all_done(status: dict, images: int) -> None:
    assert status["status"] == "completed", status
    expected = {"total": images, "completed": images, "failed": 0, "pending": 0}
    assert expected.items() <= status["images"].items()


def test_every_container_of_ours_runs_without_rights(stack: Stack) -> None:
    for service in APP_SERVICES:
        for container in stack.containers(service):
            assert container["Config"]["User"] == "10001:10001"
            assert container["HostConfig"]["ReadonlyRootfs"]
            assert container["HostConfig"]["CapDrop"] == ["ALL"]
            assert container["RestartCount"] == 0
            if service in ("secrets", "migrate"):
                assert container["State"]["ExitCode"] == 0
            else:
                assert container["State"]["Health"]["Status"] == "healthy"


def test_only_web_and_store_are_published(stack: Stack) -> None:
    published = {
        service
        for service in ("api", "worker", "postgres", "redis", "minio")
        for container in stack.containers(service)
        if any(container["NetworkSettings"]["Ports"].values())
    }
    assert published == {"api", "minio"}


def test_no_environment_shows_a_password(stack: Stack) -> None:
    passwords = [
        stack.inside("minio", "cat", f"/secrets/{name}")
        for name in ("postgres-password", "minio-password")
    ]
    assert len(set(passwords)) == 2
    for service in (*APP_SERVICES, "postgres", "redis", "minio"):
        for container in stack.containers(service):
            assert not [
                line for line in container["Config"]["Env"] for word in passwords if word in line
            ]


def test_an_upload_becomes_rows_objects_and_links_that_open(
    stack: Stack, first_request: str
) -> None:
    status = stack.wait(first_request)
    assert_all_done(status, 12)
    assert status["bytes"]["output"] < status["bytes"]["input"]

    sql = f"SELECT status, count(*) FROM images WHERE request_id = '{first_request}' GROUP BY 1"
    assert stack.rows(sql) == ["completed|12"]
    listing = stack.s3().list_objects_v2(Bucket=stack.bucket, Prefix=f"{first_request}/")
    assert listing["KeyCount"] == 12

    output = stack.api.get(f"/download-output-csv/{first_request}")
    links = [row["Output Image Urls"] for row in csv.DictReader(io.StringIO(output.text))]
    assert len(set(links)) == 12
    for link in links:
        assert link.startswith(f"http://localhost:{stack.s3_port}/{stack.bucket}/{first_request}/")
    with Image.open(io.BytesIO(stack.open_in_browser(links[0]))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (640, 480))


def test_urls_that_name_the_stacks_own_servers_are_refused(stack: Stack) -> None:
    # The names do resolve in the worker, so it is the guard that keeps the door shut.
    for name in ("minio", "redis", "postgres", "api"):
        assert stack.inside("worker", "getent", "hosts", name)
    address = stack.inside("worker", "getent", "hosts", "minio").split()[0]
    urls = [
        f"http://minio:9000/{stack.bucket}/x.jpg",
        "http://redis:6379/x.jpg",
        "http://postgres:5432/x.jpg",
        "http://api:8000/healthz",
        f"http://{address}:9000/x.jpg",
        "http://localhost:8000/x.jpg",
        "http://api:9101/metrics",
        "http://worker:9101/metrics",
    ]
    request_id = stack.upload(urls)
    status = stack.wait(request_id)
    assert status["status"] == "failed"
    assert status["errors"] == {"address_blocked": len(urls)}


def test_api_and_workers_show_their_metrics_inside_the_stack(
    stack: Stack, first_request: str
) -> None:
    stack.wait(first_request)
    shown = {name: stack.metrics(name) for name in ("api", "worker")}
    assert "database_up 1.0" in shown["api"]
    assert 'images_finished_total{code="",outcome="completed"} ' in shown["worker"]
    assert 'images_finished_total{code="",outcome="completed"} 0.0' not in shown["worker"]


def test_three_workers_share_a_request_and_one_may_be_killed(stack: Stack) -> None:
    stack.up(workers=3)
    workers = stack.containers("worker")
    assert [worker["State"]["Health"]["Status"] for worker in workers] == ["healthy"] * 3

    request_id = stack.upload(slow_urls("shared"))
    stack.wait(request_id, in_the_middle)
    stack.kill(workers[0]["Id"])
    assert_all_done(stack.wait(request_id), SLOW)
    clients = stack.compose("logs", "--no-log-prefix", "pictures").split("client ")[1:]
    assert len(clients) >= 3
    stack.up()


def test_a_stop_in_the_middle_of_a_request_delays_it_only(stack: Stack) -> None:
    request_id = stack.upload(slow_urls("stopped"))
    status = stack.wait(request_id, in_the_middle)
    assert status["images"]["pending"] > 0
    stack.compose("stop")
    for service in ("api", "worker"):
        for container in stack.containers(service):
            assert container["State"]["ExitCode"] == 0, container["State"]
    stack.up()
    assert_all_done(stack.wait(request_id), SLOW)


def test_data_and_passwords_survive_new_containers(stack: Stack, first_request: str) -> None:
    before = stack.status(first_request)
    stack.down(volumes=False)
    stack.up()
    assert stack.status(first_request) == before
    output = stack.api.get(f"/download-output-csv/{first_request}")
    link = next(csv.DictReader(io.StringIO(output.text)))["Output Image Urls"]
    assert stack.open_in_browser(link)
    request_id = stack.upload(["http://pictures:8080/0/later.jpg"])
    assert_all_done(stack.wait(request_id), 1)
