"""What stands in the tables after an ingest is what the reader of single rows says of the file."""

import io
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text

from app.catalog.reader import Detected, read_rows
from app.db.images.url_digest import digest_of
from app.db.models import Image, Product, ProductImage
from app.intake.check import Reading
from app.intake.ingest import ingest
from app.outbound.guard import host_key
from tests.factories import make_csv
from tests.integration.bench import Bench, bench
from tests.integration.db.parts import request_row

ROWS = 4_000


def a_file(*, repeats: bool) -> bytes:
    """Awkward names, bad rows, one to three URLs a row; those of one host may stand twice."""
    cells = []
    for n in range(1, ROWS + 1):
        name = f'Mug "{n}"\t\\N, blue\\' if n % 11 else f"Cup\n{n} ü"
        urls = [f"https://cdn{n % 5}.example.com:8443/{n}-{k}.jpg" for k in range(1 + n % 3)]
        urls += [f"HTTP://a.example/?{n % 50 if repeats else n}=/\\é"] * (n % 4 == 0)
        cells.append([str(n), name, "no address" if n % 500 == 0 else " | ".join(urls)])
    return make_csv(cells=cells)


def stored(service: Bench, request_id: str) -> list[list[Any]]:
    """The rows of the three tables, without what is the same in all of them."""
    columns: list[list[Any]] = [
        [Product.row, Product.first_place, Product.serial_number, Product.name],
        [ProductImage.row, ProductImage.position, ProductImage.url_digest],
        [Image.seq, Image.url_digest, Image.source_url, Image.host, Image.row, Image.position],
    ]
    with service.adapters.database.read() as connection:
        return [
            [
                tuple(row)
                for row in connection.execute(
                    select(*each)
                    .where(each[0].class_.request_id == request_id)
                    .order_by(each[0], each[1])
                )
            ]
            for each in columns
        ]


def expected(data: bytes, detected: Detected, *, repeats: bool) -> list[list[Any]]:
    """The same by the rows one by one."""
    products: list[Any] = []
    shared: list[Any] = []
    images: dict[str, Any] = {}
    places = 0
    for row in read_rows(io.BytesIO(data), detected):
        if row.errors:
            continue
        products.append((row.row, places + 1, row.serial_number, row.product_name))
        for position, url in enumerate(row.urls, start=1):
            places += 1
            digest = digest_of(url.encode()) if repeats else None
            if url in images:
                shared.append((row.row, position, digest))
            else:
                images[url] = (places, digest, url, host_key(url), row.row, position)
    return [products, shared, list(images.values())]


@pytest.mark.parametrize("repeats", [False, True])
def test_all_rows_arrive_however_often_the_ingest_is_stopped(
    stack: dict[str, Any], repeats: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = a_file(repeats=repeats)
    monkeypatch.setattr("app.intake.ingest.BATCH_PLACES", 1_500)
    with bench(working=False, **stack, lease_seconds=60) as service:
        request_id = service.upload(data, reading=Reading(accept_valid_rows=True))
        stops = iter([False, True] * 3)
        turns = 0
        while request_row(service.adapters.database, request_id).ingested_at is None:
            ingest(service.adapters, request_id, stopping=lambda: next(stops, False))
            turns += 1
        row = request_row(service.adapters.database, request_id)
        wanted = expected(data, Detected.from_json(row.detected), repeats=repeats)
        assert stored(service, request_id) == wanted
        products, shared, images = wanted
        assert (turns, len(products)) == (4, ROWS - ROWS // 500)
        assert (row.ingested_row, row.ingested_places) == (
            products[-1][0],
            len(shared) + len(images),
        )
        assert row.images_total == row.ingested_images == len(images)
        assert bool(shared) is repeats


@pytest.mark.parametrize("repeats", [False, True])
def test_behind_a_batch_that_cannot_be_written_there_is_none(
    stack: dict[str, Any], repeats: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.intake.ingest.BATCH_PLACES", 1_500)
    with bench(working=False, **stack, lease_seconds=60) as service:
        request_id = service.upload(
            a_file(repeats=repeats), reading=Reading(accept_valid_rows=True)
        )
        ingest(service.adapters, request_id, stopping=lambda: True)
        before = stored(service, request_id)
        second = {
            "request_id": request_id,
            "row": 2_000,
            "first_place": 1,
            "serial_number": "",
            "name": "",
        }
        with service.adapters.database.transaction() as connection:
            connection.execute(insert(Product), [second])
        ingest(service.adapters, request_id, stopping=lambda: False)
        with service.adapters.database.transaction() as connection:
            connection.execute(delete(Product).where(Product.row == second["row"]))
            row = request_row(service.adapters.database, request_id)
        after = stored(service, request_id)
        assert before[0][-1][0] < row.ingested_row == after[0][-1][0] < second["row"]
        assert row.ingested_places == after[2][-1][0]
        assert row.ingested_images == len(after[2]) > len(before[2])


def test_long_addresses_make_smaller_batches(
    stack: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.intake.ingest.BATCH_BLOCKS", 1)
    cells = [[str(n), "Mug", f"https://a.example/{n}{'x' * 8_000}.jpg"] for n in range(300)]
    with bench(working=False, **stack, lease_seconds=60) as service:
        request_id = service.upload(make_csv(cells=cells))
        ingest(service.adapters, request_id, stopping=lambda: True)
        assert 0 < request_row(service.adapters.database, request_id).ingested_places < 100
        ingest(service.adapters, request_id, stopping=lambda: False)
        assert request_row(service.adapters.database, request_id).images_total == 300


# SQLite keeps no statistics unless it is asked to.
@pytest.mark.parametrize("stack", ["real"], indirect=True)
def test_postgres_knows_a_large_request_as_soon_as_it_is_in(stack: dict[str, Any]) -> None:
    small, large = (
        make_csv(cells=[[str(n), "Mug", f"https://a.example/{n}.jpg"] for n in range(size)])
        for size in (1_000, 4_000)
    )
    with bench(working=False, **stack, lease_seconds=60) as service:
        looks = []
        for data in (small, large):
            ingest(service.adapters, service.upload(data), stopping=lambda: False)
            with service.adapters.database.read() as connection:
                looks.append(list(connection.execute(text(LOOKS)).scalars()))
    assert looks == [[0, 0, 0], [1, 1, 1]]


LOOKS = """
    SELECT analyze_count FROM pg_stat_user_tables
    WHERE relname IN ('images', 'products', 'product_images')
"""
