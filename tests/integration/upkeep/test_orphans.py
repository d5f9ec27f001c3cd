"""Files in the store that belong to no request."""

import asyncio
import io
import uuid
from datetime import timedelta

import pytest
import uuid_utils

from app.adapters import now
from app.domain.naming import upload_key
from app.upkeep.orphans import OLD_ENOUGH, remove_orphans, remove_orphans_now_and_then
from tests.factories import make_jpeg
from tests.integration.bench import Bench
from tests.parts.image_host import ImageHost

JPEG = make_jpeg(64, 48)


def put_upload(service: Bench, request_id: str) -> None:
    service.adapters.store.put_file(
        upload_key(request_id), io.BytesIO(b"S. No.\n"), content_type="text/csv"
    )


def put_image(service: Bench, key: str) -> None:
    asyncio.run(service.adapters.store.put(key, JPEG, content_type="image/jpeg"))


def test_files_without_a_request_go_and_all_others_stay(
    service: Bench, image_host: ImageHost
) -> None:
    request_id = service.upload_urls([image_host.add("mug.jpg", JPEG)])
    service.ended(request_id)
    lost_upload, lost_image = str(uuid_utils.uuid7()), str(uuid_utils.uuid7())
    put_upload(service, lost_upload)
    put_image(service, f"{lost_image}/2-1-mug.jpg")
    put_image(service, f"originals/{lost_image}/2-1-mug.jpg")
    stranger = str(uuid.uuid4())
    put_image(service, f"{stranger}/picture.jpg")
    store = service.adapters.store
    before = set(store.keys(""))

    assert remove_orphans(service.adapters, older_than=now() + timedelta(seconds=1)) == 2

    gone = before - set(store.keys(""))
    assert gone == {
        upload_key(lost_upload),
        f"{lost_image}/2-1-mug.jpg",
        f"originals/{lost_image}/2-1-mug.jpg",
    }


def test_an_upload_that_may_still_be_on_its_way_is_left_alone(local: Bench) -> None:
    request_id = str(uuid_utils.uuid7())
    put_upload(local, request_id)
    assert remove_orphans(local.adapters, older_than=now() - OLD_ENOUGH) == 0
    assert list(local.adapters.store.keys("uploads/")) == [upload_key(request_id)]


def test_the_store_is_looked_through_once_an_hour(
    local: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The worker of this test has looked already, at its first sweep or at this line.
    remove_orphans_now_and_then(local.adapters)
    request_id = str(uuid_utils.uuid7())
    put_upload(local, request_id)
    moment = now() + OLD_ENOUGH / 2
    monkeypatch.setattr("app.upkeep.orphans.OLD_ENOUGH", -timedelta(days=1))
    remove_orphans_now_and_then(local.adapters)
    assert list(local.adapters.store.keys("uploads/")) == [upload_key(request_id)]
    monkeypatch.setattr("app.upkeep.orphans.now", lambda: moment)
    remove_orphans_now_and_then(local.adapters)
    assert list(local.adapters.store.keys("uploads/")) == []
