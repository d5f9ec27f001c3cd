"""A picture stays while any request names it, and goes with the last one: all orders of deletes."""

import itertools
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from app.adapters import now
from app.db import requests
from app.db.images import lending
from app.domain.naming import ORIGINALS_PREFIX
from app.domain.options import ProcessingOptions
from app.domain.tasks import Task
from app.upkeep import delete as deleting
from app.upkeep import shared_files
from app.upkeep.delete import delete, purge
from app.upkeep.orphans import remove_orphans
from tests.factories import make_jpeg
from tests.integration.bench import Bench, bench
from tests.integration.ending.test_stopping_and_removing import change, rows_left
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until

JPEG = make_jpeg(64, 48)
ETAG = {"ETag": '"v1"'}
KEPT = ProcessingOptions(keep_originals=True)


def run(service: Bench, urls: Sequence[str]) -> str:
    request_id = service.upload_urls(*([url] for url in urls), options=KEPT)
    service.ended(request_id)
    return request_id


def pictures(service: Bench) -> set[str]:
    """Everything in the store that is no uploaded CSV."""
    return {key for key in service.adapters.store.keys("") if not key.startswith("uploads/")}


def named(service: Bench, ids: Sequence[str]) -> set[str]:
    """What these requests name: pictures and originals."""
    urls = [image["output_url"] for request_id in ids for image in service.images(request_id)]
    keys = {"/".join(url.rsplit("/", 2)[1:]) for url in urls}
    return keys | {ORIGINALS_PREFIX + key for key in keys}


def sweep_orphans(service: Bench) -> None:
    remove_orphans(service.adapters, older_than=now() + timedelta(seconds=1))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_every_order_of_deletes_keeps_what_is_named_and_leaves_nothing(
    local: Bench, image_host: ImageHost, order: Sequence[int]
) -> None:
    urls = [image_host.add(f"{n}.jpg", JPEG, headers=ETAG) for n in range(3)]
    # B takes over two of A's pictures and makes one, C takes over all of B's.
    first = run(local, urls[:2])
    ids = [first, run(local, urls), run(local, urls)]
    assert [local.status(each)["images"]["reused"] for each in ids] == [0, 2, 3]
    assert len(pictures(local)) == 6
    for count, index in enumerate(order, start=1):
        delete(local.adapters, ids[index], owner="")
        living = [ids[other] for other in order[count:]]
        assert pictures(local) == named(local, living)
        sweep_orphans(local)
        assert pictures(local) == named(local, living)
    assert set(local.adapters.store.keys("")) == set()
    assert rows_left(local) == {}


def test_the_longest_chain_of_deletes_on_both_stacks(service: Bench, image_host: ImageHost) -> None:
    urls = [image_host.add(f"{n}.jpg", JPEG, headers=ETAG) for n in range(3)]
    a = run(service, urls)
    b = run(service, urls)
    delete(service.adapters, a, owner="")
    c = run(service, urls)
    assert service.status(c)["images"]["reused"] == 3
    assert len(pictures(service)) == 6
    delete(service.adapters, b, owner="")
    assert pictures(service) == named(service, [c])
    sweep_orphans(service)
    assert pictures(service) == named(service, [c])
    delete(service.adapters, c, owner="")
    assert list(service.adapters.store.keys("")) == []
    assert rows_left(service) == {}


def test_pictures_that_are_not_taken_over_go_at_once(service: Bench, image_host: ImageHost) -> None:
    both = image_host.add("both.jpg", JPEG, headers=ETAG)
    only = image_host.add("only.jpg", JPEG, headers=ETAG)
    first, second = run(service, [only, both]), run(service, [both])
    delete(service.adapters, first, owner="")
    assert pictures(service) == named(service, [second])
    assert len(pictures(service)) == 2


def test_retention_keeps_the_pictures_of_a_shop_that_comes_back_each_night(
    tmp_path: Path, image_host: ImageHost
) -> None:
    url = image_host.add("a.jpg", JPEG, headers=ETAG)
    with bench(data_dir=tmp_path, retention_days=1) as service:
        nights = [run(service, [url])]
        link = service.images(nights[0])[0]["output_url"]
        for _ in range(3):
            nights.append(run(service, [url]))
            change(service, nights[-2], finished_at=now() - timedelta(days=1, seconds=1))
            until(partial(is_gone, service, nights[-2]))
            assert service.images(nights[-1])[0]["output_url"] == link
            assert pictures(service) == named(service, nights[-1:])


def is_gone(service: Bench, request_id: str) -> bool:
    with service.adapters.database.read() as connection:
        return requests.get(connection, request_id, deleted=True) is None


STEPS = {
    "before its own files": (deleting, "remove_own_files", 1),
    "before the pictures taken over": (deleting, "remove_files_taken_over", 1),
    "between two pictures taken over": (lending, "taken_over", 2),
    "before its rows": (deleting, "_delete_some_rows", 1),
    "before the request's row": (requests, "remove", 1),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_delete_that_dies_on_its_way_breaks_no_link_and_goes_on(
    stack: dict[str, Any], image_host: ImageHost, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(shared_files, "FILES_AT_ONCE", 1)
    urls = [image_host.add(f"{n}.jpg", JPEG, headers=ETAG) for n in range(4)]
    # No sweep in this test: what it does, the test does.
    with bench(**stack, sweep_seconds=60) as service:
        a = run_by_hand(service, urls[:3])
        b = run_by_hand(service, urls)
        delete(service.adapters, a, owner="")
        c = run_by_hand(service, urls[:1])
        with service.adapters.database.transaction() as connection:
            requests.hide(connection, b, now=now())
        with monkeypatch.context() as patch:
            die(patch, *STEPS[step])
            with pytest.raises(Died):
                purge(service.adapters, b)
        assert named(service, [c]) <= pictures(service)
        sweep_orphans(service)
        assert named(service, [c]) <= pictures(service)
        purge(service.adapters, b)
        assert pictures(service) == named(service, [c])
        delete(service.adapters, c, owner="")
        assert pictures(service) == set()
        assert rows_left(service) == {}


def test_the_look_for_orphans_removes_what_a_lost_delete_left(
    service: Bench, image_host: ImageHost
) -> None:
    urls = [image_host.add(f"{n}.jpg", JPEG, headers=ETAG) for n in range(3)]
    a = run(service, urls)
    b = run(service, urls[:1])
    with service.adapters.database.transaction() as connection:
        # As if everything but the rows had been lost, such as with an old backup of the store.
        requests.remove(connection, a)
    assert len(pictures(service)) == 6
    sweep_orphans(service)
    assert pictures(service) == named(service, [b])


class Died(Exception):
    """Stands for the end of the process."""


def die(patch: pytest.MonkeyPatch, module: ModuleType, name: str, nth: int) -> None:
    """Let the process end before the nth call of this function."""
    function, calls = getattr(module, name), itertools.count(1)

    def dying(*arguments: Any, **named_arguments: Any) -> Any:
        if next(calls) == nth:
            raise Died
        return function(*arguments, **named_arguments)

    patch.setattr(module, name, dying)


def run_by_hand(service: Bench, urls: Sequence[str]) -> str:
    request_id = service.upload_urls(*([url] for url in urls), options=KEPT)
    for task in (Task.INGEST, Task.WORK):
        service.runtime.run(task, request_id)
    service.ended(request_id)
    return request_id
