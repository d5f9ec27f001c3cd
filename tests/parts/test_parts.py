"""The parts themselves: a test that stands on them is worth no more than they are."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psycopg
import pytest
import redis

from tests.parts.image_host import Answer, ImageHost
from tests.parts.postgres import PostgresServer
from tests.parts.process import REPOSITORY, PartMissing, find_program
from tests.parts.redis_server import RedisServer
from tests.parts.webhook_receiver import WebhookAnswer, WebhookReceiver


def query(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as session:
        return session.execute(statement).fetchone()  # type: ignore[call-overload]


def test_every_database_is_fresh(postgres_server: PostgresServer, postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as session:
        session.execute("CREATE TABLE marks (mark text)")
    other = postgres_server.new_database()
    assert query(other, "SELECT to_regclass('marks')") == (None,)
    postgres_server.drop_database(other)


def test_template_is_prepared_once_and_copied(postgres_server: PostgresServer) -> None:
    prepared: list[str] = []

    def prepare(url: str) -> None:
        prepared.append(url)
        with psycopg.connect(url) as session:
            session.execute("CREATE TABLE marks AS SELECT 7 AS mark")

    urls = [postgres_server.new_database_like("with_marks", prepare) for _ in range(2)]
    assert len(prepared) == 1
    assert [query(url, "SELECT mark FROM marks") for url in urls] == [(7,), (7,)]


def test_redis_databases_are_empty_and_apart(redis_server: RedisServer, redis_url: str) -> None:
    redis.Redis.from_url(redis_url).set("key", "value")
    assert redis.Redis.from_url(redis_server.new_database()).dbsize() == 0
    assert redis.Redis.from_url(redis_url).get("key") == b"value"


def test_missing_program_says_what_to_install() -> None:
    with pytest.raises(PartMissing, match="Install it: apt-get install no-such-package"):
        find_program("no-such-program", install="apt-get install no-such-package")


def test_server_and_folder_go_when_the_session_is_killed(tmp_path: Path) -> None:
    program = """
import socket, time
from pathlib import Path
from tests.parts import process
from tests.parts.redis_server import RedisServer
server = RedisServer()
print(server.new_database(), flush=True)
time.sleep(60)
"""
    session = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
    )
    assert session.stdout is not None
    port = int(session.stdout.readline().rpartition(b":")[2].partition(b"/")[0])
    assert len(list(tmp_path.glob("ips-test-redis-*"))) == 1
    session.send_signal(signal.SIGKILL)
    session.wait()
    session.stdout.close()
    deadline = time.monotonic() + 10
    while list(tmp_path.glob("ips-test-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(tmp_path.glob("ips-test-*")) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_image_host_answers_as_told_and_counts(image_host: ImageHost) -> None:
    image_host.add("/a.jpg", b"bytes", headers={"ETag": '"1"'})
    image_host.add_answers("/b.jpg", [Answer(status=503), Answer(b"at last")])
    image_host.redirect("/c.jpg", "/a.jpg")
    with httpx.Client(base_url=image_host.base_url) as client:
        first = client.get("/a.jpg")
        assert (first.content, first.headers["etag"]) == (b"bytes", '"1"')
        assert first.headers["content-type"] == "image/jpeg"
        assert [client.get("/b.jpg").status_code for _ in range(3)] == [503, 200, 200]
        assert client.get("/c.jpg").headers["location"] == "/a.jpg"
        assert client.get("/missing.jpg").status_code == 404
    assert (image_host.hits("/a.jpg"), image_host.hits("b.jpg")) == (1, 3)
    assert image_host.most_at_once == 1


def test_image_host_waits_and_can_break_off(image_host: ImageHost) -> None:
    image_host.add("/slow.jpg", b"x", delay=0.2)
    image_host.add("/short.jpg", b"x" * 10, headers={"Content-Length": "100"})
    began = time.monotonic()
    assert httpx.get(image_host.url("/slow.jpg")).content == b"x"
    assert time.monotonic() - began >= 0.2
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(image_host.url("/short.jpg"))


def test_image_host_serves_a_thousand_pictures_in_seconds(image_host: ImageHost) -> None:
    for number in range(1_000):
        image_host.add(f"/{number}.jpg", b"x" * 50_000)
    began = time.monotonic()
    with httpx.Client(base_url=image_host.base_url) as client:
        sizes = {len(client.get(f"/{number}.jpg").content) for number in range(1_000)}
    assert sizes == {50_000}
    assert time.monotonic() - began < 20


def test_webhook_receiver_records_and_answers_as_told(webhook_receiver: WebhookReceiver) -> None:
    webhook_receiver.answers.append(WebhookAnswer(500, {"Retry-After": "1"}))
    answers = [
        httpx.post(webhook_receiver.url, json={"n": n}, headers={"Webhook-Id": "m"})
        for n in range(2)
    ]
    assert [answer.status_code for answer in answers] == [500, 204]
    received = webhook_receiver.wait_for(2)
    assert [webhook.json() for webhook in received] == [{"n": 0}, {"n": 1}]
    assert received[0].headers["webhook-id"] == "m"
