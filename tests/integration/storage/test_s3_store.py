"""What only S3 can do: headers, signatures, buckets and their policies."""

import asyncio
import io
import json
import socket
from typing import Any

import httpx
import pytest
import uuid_utils

from app.domain.errors import StoreError
from app.domain.naming import ORIGINALS_PREFIX, image_key, upload_key
from app.storage.keys import IMAGE_CACHE_CONTROL
from app.storage.s3 import S3Store
from tests.parts.log_lines import log_lines
from tests.parts.s3_servers import S3Server

REQUEST_ID = "01900000-0000-7000-8000-000000000001"


def make_store(server: S3Server, bucket: str, **changes: Any) -> S3Store:
    arguments: dict[str, Any] = {
        "endpoint_url": server.endpoint_url,
        "region": server.region,
        "access_key": server.access_key,
        "secret_key": server.secret_key,
        "public_url": None,
    }
    return S3Store(bucket, **{**arguments, **changes})


def put(store: S3Store, key: str, data: bytes = b"image") -> None:
    asyncio.run(store.put(key, data, content_type="image/jpeg"))


def test_image_carries_its_type_and_the_cache_header(moto_server: S3Server) -> None:
    bucket = moto_server.new_bucket()
    put(make_store(moto_server, bucket), f"{REQUEST_ID}/1.jpg")
    head = moto_server.client().head_object(Bucket=bucket, Key=f"{REQUEST_ID}/1.jpg")
    assert head["ContentType"] == "image/jpeg"
    assert head["CacheControl"] == IMAGE_CACHE_CONTROL


def test_private_file_carries_its_type_and_no_public_cache_header(moto_server: S3Server) -> None:
    bucket = moto_server.new_bucket()
    store = make_store(moto_server, bucket)
    store.put_file("uploads/1.csv", io.BytesIO(b"a,b"), content_type="text/csv")
    head = moto_server.client().head_object(Bucket=bucket, Key="uploads/1.csv")
    assert head["ContentType"] == "text/csv"
    assert "CacheControl" not in head


def test_published_address_is_endpoint_and_bucket_by_default(moto_server: S3Server) -> None:
    store = make_store(moto_server, "images")
    key = f"{REQUEST_ID}/2-1-a b.jpg"
    expected = f"{moto_server.endpoint_url}/images/{REQUEST_ID}/2-1-a%20b.jpg"
    assert store.public_url(key) == expected


@pytest.mark.parametrize("public_url", ["https://cdn.example/shop", "https://cdn.example/shop/"])
def test_public_url_stands_before_the_key(moto_server: S3Server, public_url: str) -> None:
    store = make_store(moto_server, "images", public_url=public_url)
    assert store.public_url("id/1.jpg") == "https://cdn.example/shop/id/1.jpg"


def test_aws_is_the_default_endpoint() -> None:
    store = S3Store("images", None, "eu-central-1", "key", "secret", None)
    assert store.public_url("id/1.jpg") == ("https://s3.eu-central-1.amazonaws.com/images/id/1.jpg")


def test_anybody_can_read_published_images_and_nothing_else(moto_server: S3Server) -> None:
    store = make_store(moto_server, moto_server.unused_bucket_name())
    store.prepare()
    image = image_key(
        str(uuid_utils.uuid7()), row=2, position=1, product_name="Blue-Shirt", extension="jpg"
    )
    put(store, image, b"public bytes")
    answer = httpx.get(store.public_url(image))
    assert answer.content == b"public bytes"
    assert answer.headers["cache-control"] == IMAGE_CACHE_CONTROL
    for private in (upload_key(image.partition("/")[0]), ORIGINALS_PREFIX + image):
        put(store, private)
        assert httpx.get(store.public_url(private)).status_code == 403


def test_new_bucket_gets_a_policy_for_published_images_only(moto_server: S3Server) -> None:
    bucket = moto_server.unused_bucket_name()
    store = make_store(moto_server, bucket)
    store.prepare()
    store.prepare()
    policy = json.loads(moto_server.client().get_bucket_policy(Bucket=bucket)["Policy"])
    (statement,) = policy["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Action"] == ["s3:GetObject"]
    assert statement["Resource"] == [f"arn:aws:s3:::{bucket}/0*-*-*-*-*/*"]


def test_policy_that_somebody_else_has_put_is_kept(moto_server: S3Server) -> None:
    bucket = moto_server.new_bucket()
    theirs = json.dumps({"Version": "2012-10-17", "Statement": []})
    moto_server.client().put_bucket_policy(Bucket=bucket, Policy=theirs)
    make_store(moto_server, bucket).prepare()
    assert moto_server.client().get_bucket_policy(Bucket=bucket)["Policy"] == theirs


def test_bucket_in_another_region_is_made_there(moto_server: S3Server) -> None:
    bucket = moto_server.unused_bucket_name()
    make_store(moto_server, bucket, region="eu-central-1").prepare()
    location = moto_server.client().get_bucket_location(Bucket=bucket)
    assert location["LocationConstraint"] == "eu-central-1"


def test_store_without_policies_starts_with_a_warning(
    s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = s3_server.unused_bucket_name()
    store = make_store(s3_server, bucket)
    logs = log_lines(monkeypatch, "app.storage.s3")
    store.prepare()
    store.prepare()
    store.check()
    assert {(entry["log_level"], entry["event"]) for entry in logs} == {
        ("warning", "bucket_policy_not_set")
    }
    assert len(logs) == 2


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"secret_key": "wrong-secret-0123456789"}, "SignatureDoesNotMatch"),
        ({"access_key": "unknown-access-key"}, "InvalidAccessKeyId"),
    ],
)
def test_wrong_keys_are_one_sentence_without_the_keys(
    s3_server: S3Server, changes: dict[str, str], cause: str
) -> None:
    store = make_store(s3_server, s3_server.new_bucket(), **changes)
    with pytest.raises(StoreError) as putting:
        put(store, "a/1.jpg")
    with pytest.raises(StoreError) as listing:
        list(store.keys("a/"))
    with pytest.raises(StoreError) as ensuring:
        store.prepare()
    assert cause in str(putting.value)
    assert cause in str(listing.value)
    for message in (str(putting.value), str(listing.value), str(ensuring.value)):
        assert "\n" not in message
        assert not any(secret in message for secret in changes.values())


def test_missing_bucket_is_a_store_error_for_every_use(moto_server: S3Server) -> None:
    store = make_store(moto_server, "not-there")
    for use in (
        lambda: put(store, "a/1.jpg"),
        lambda: store.put_file("a/1.csv", io.BytesIO(b"x"), content_type="text/csv"),
        lambda: list(store.keys("a/")),
        lambda: store.delete_prefix("a/"),
        store.check,
    ):
        with pytest.raises(StoreError, match=r'^S3 bucket "not-there" at http://127'):
            use()


def test_dead_server_is_named_quickly(moto_server: S3Server) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint_url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        store = make_store(moto_server, "images", endpoint_url=endpoint_url)
        with pytest.raises(StoreError, match="could not put an image: Connection refused"):
            put(store, "a/1.jpg")
        with pytest.raises(StoreError, match=f"Could not connect .*{endpoint_url}"):
            store.check()


def test_endpoint_that_is_no_url_is_refused_at_once(moto_server: S3Server) -> None:
    with pytest.raises(StoreError, match="the S3 settings cannot work: Invalid endpoint"):
        make_store(moto_server, "images", endpoint_url="localhost:9000")


def test_environment_of_other_tools_does_not_overrule_the_settings(
    moto_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = moto_server.new_bucket()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    store = make_store(moto_server, bucket)
    put(store, "a/1.jpg")
    store.put_file("a/2.csv", io.BytesIO(b"x"), content_type="text/csv")
    assert sorted(store.keys("a/")) == ["a/1.jpg", "a/2.csv"]


def test_keys_from_the_environment_serve_both_clients(
    s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    store = make_store(s3_server, s3_server.new_bucket(), access_key=None, secret_key=None)
    put(store, "a/1.jpg")
    assert list(store.keys("")) == ["a/1.jpg"]


def test_check_writes_only_until_it_worked_once(moto_server: S3Server) -> None:
    bucket = moto_server.new_bucket()
    client = moto_server.client()
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    store = make_store(moto_server, bucket)
    for _ in range(3):
        store.check()
    assert len(client.list_object_versions(Bucket=bucket).get("Versions", [])) == 1
