"""Writing a CSV's rows in batches, and reading them back by page and by row."""

import pytest
from sqlalchemy import insert, select

from app.db import images, queue, rows
from app.db.engine import Database
from app.db.images.filters import ImageFilter
from app.db.images.url_digest import digest_of
from app.db.models import Image, Product, ProductImage
from tests.integration.db.parts import (
    START,
    add_request,
    claim,
    count,
    done,
    image_rows,
    record,
    write_batch,
    write_urls,
)


def a_batch(numbers: list[int], urls: list[str], *, urls_repeat: bool = True) -> rows.Batch:
    """Rows of one URL each."""
    count_of_rows = len(numbers)
    return rows.Batch(
        rows=numbers,
        serial_numbers=[str(number) for number in numbers],
        names=[f"Product {number}" for number in numbers],
        url_counts=[1] * count_of_rows,
        urls=urls,
        hosts=["a.test:80"] * count_of_rows,
        urls_repeat=urls_repeat,
    )


def digest(url: str) -> bytes:
    return digest_of(url.encode())


def shared_places(database: Database) -> list[tuple[str, int, int, str]]:
    """Request, row, position and URL of the places that have a row of their own, in order."""
    query = select(ProductImage.__table__, Image.source_url).join(
        Image,
        (Image.request_id == ProductImage.request_id)
        & (Image.url_digest == ProductImage.url_digest),
    )
    with database.read() as connection:
        found = connection.execute(query.order_by(ProductImage.row, ProductImage.position)).all()
    return [(row.request_id, row.row, row.position, row.source_url) for row in found]


def test_a_url_that_stood_in_an_earlier_batch_is_not_new(database: Database) -> None:
    request_id = add_request(database)
    first = ["http://a.test/1", "http://a.test/2", "http://a.test/1"]
    second = ["http://a.test/2", "http://a.test/3", "http://a.test/1"]
    assert write_urls(database, request_id, first) == 2
    assert write_urls(database, request_id, second, places_before=3) == 1
    assert [(row.seq, row.source_url) for row in image_rows(database, request_id)] == [
        (1, "http://a.test/1"),
        (2, "http://a.test/2"),
        (5, "http://a.test/3"),
    ]
    assert count(database, Product) == 6
    assert shared_places(database) == [
        (request_id, row, 1, url) for row, url in ((4, first[0]), (5, first[1]), (7, first[0]))
    ]


def test_the_same_url_in_two_requests_is_two_images(database: Database) -> None:
    one, other = add_request(database), add_request(database)
    assert write_urls(database, one, ["http://a.test/1"]) == 1
    assert write_urls(database, other, ["http://a.test/1"]) == 1


def test_every_column_of_a_batch_arrives_in_its_place(database: Database) -> None:
    request_id, (one, two, three) = add_request(database), (f"http://a.test/{n}" for n in "123")
    batch = rows.Batch(
        rows=[2, 5, 9],
        serial_numbers=["1", "", "3"],
        names=["Mug", "Cup", "Bowl"],
        url_counts=[2, 1, 3],
        urls=[one, two, one, two, three, three],
        hosts=["a.test:80", "a.test:80", "a.test:80", "a.test:80", "", ""],
        places_before=10,
    )
    assert write_batch(database, request_id, batch) == 3
    with database.read() as connection:
        products = connection.execute(select(Product.__table__).order_by("row")).all()
    assert products == [
        (request_id, 2, "1", "Mug", 11),
        (request_id, 5, "", "Cup", 13),
        (request_id, 9, "3", "Bowl", 14),
    ]
    shared = [(5, 1, one), (9, 1, two), (9, 3, three)]
    assert shared_places(database) == [(request_id, *place) for place in shared]
    assert [
        (r.seq, r.url_digest, r.source_url, r.host, r.row, r.position, r.status, r.not_before)
        for r in image_rows(database, request_id)
    ] == [
        (11, digest(one), one, "a.test:80", 2, 1, "pending", START),
        (12, digest(two), two, "a.test:80", 2, 2, "pending", START),
        (15, digest(three), three, "", 9, 2, "pending", START),
    ]


def test_where_no_url_repeats_the_same_is_stored_without_digests(database: Database) -> None:
    stored = []
    for urls_repeat in (True, False):
        request_id = add_request(database)
        batch = a_batch([2, 3], ["http://a.test/1", "http://b.test/ü"], urls_repeat=urls_repeat)
        assert write_batch(database, request_id, batch) == 2
        stored.append([row._asdict() for row in image_rows(database, request_id)])
    with_digests, without = stored
    for row, plain in zip(with_digests, without, strict=True):
        assert row.pop("request_id") != plain.pop("request_id")
        assert row.pop("url_digest") == digest(row["source_url"])
        assert plain.pop("url_digest") is None
    assert with_digests == without
    assert count(database, ProductImage) == 0


def test_a_batch_is_written_as_a_whole_or_not_at_all(database: Database) -> None:
    request_id = add_request(database)
    in_the_way = {"request_id": request_id, "row": 4, "position": 1, "url_digest": b"x" * 16}
    with database.transaction() as connection:
        connection.execute(insert(ProductImage), [in_the_way])
    urls = ["http://a.test/1", "http://a.test/2", "http://a.test/1"]
    with pytest.raises(Exception, match=r"(?i)unique"):
        write_batch(database, request_id, a_batch([2, 3, 4], urls))
    assert [count(database, table) for table in (Product, ProductImage, Image)] == [0, 1, 0]


def test_a_batch_that_is_there_already_is_refused_as_a_whole(database: Database) -> None:
    request_id = add_request(database)
    batch = a_batch([2, 3], ["http://a.test/1", "http://a.test/2"], urls_repeat=False)
    assert write_batch(database, request_id, batch) == 2
    with pytest.raises(Exception, match=r"(?i)unique"):
        write_batch(database, request_id, batch)
    assert [count(database, table) for table in (Product, ProductImage, Image)] == [2, 0, 2]


def test_products_without_images_can_be_written(database: Database) -> None:
    request_id = add_request(database)
    for numbers, urls_repeat in (([2, 3], True), ([4, 5], False)):
        batch = rows.Batch(numbers, ["1", "2"], ["One", "Two"], [0, 0], [], [], 0, urls_repeat)
        assert write_batch(database, request_id, batch) == 0
    assert [count(database, table) for table in (Product, ProductImage, Image)] == [4, 0, 0]


@pytest.mark.parametrize("urls_repeat", [False, True])
def test_awkward_text_arrives_as_it_was(database: Database, urls_repeat: bool) -> None:
    request_id = add_request(database)
    name = "Tab\tback\\slash \\N „quotes“ 😀 'x' \"y\"\r\nnew line"
    url = "http://a.test/" + "ü,;|'\"\\\t\n" * 1_000
    batch = rows.Batch([2], ["\\."], [name], [1], [url], ["a.test:80"], 0, urls_repeat)
    write_batch(database, request_id, batch)
    (image,) = claim(database, request_id)
    assert (image.product_name, image.source_url) == (name, url)


def test_every_character_but_nul_arrives(database: Database) -> None:
    characters = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000]
    texts = ["".join(characters[at : at + 4_096]) for at in range(0, len(characters), 4_096)]
    request_id, count_of_texts = add_request(database), len(texts)
    batch = rows.Batch(
        range(2, 2 + count_of_texts),
        texts,
        texts[::-1],
        [1] * count_of_texts,
        texts,
        texts[::-1],
    )
    # Without counting by host: no host's name is as long as these texts.
    prepared = rows.prepare(batch, request_id, now=START, is_sqlite=database.is_sqlite)
    with database.transaction() as connection:
        prepared.write(connection)
    with database.read() as connection:
        products = connection.execute(
            select(Product.serial_number, Product.name).order_by(Product.row)
        ).all()
    expected = list(zip(texts, texts[::-1], strict=True))
    assert products == expected
    assert [(r.source_url, r.host) for r in image_rows(database, request_id)] == expected


def test_half_a_character_is_an_error_and_nothing_is_written(database: Database) -> None:
    request_id = add_request(database)
    for name, url in (("\ud800", "http://a.test/1"), ("Mug", "http://a.test/\udcff")):
        with pytest.raises(UnicodeEncodeError):
            write_batch(
                database, request_id, rows.Batch([2], ["1"], [name], [1], [url], ["a.test:80"])
            )
    assert [count(database, table) for table in (Product, ProductImage, Image)] == [0, 0, 0]


def test_pages_walk_all_images_in_the_order_of_the_file(database: Database) -> None:
    request_id = add_request(database, images=7)
    add_request(database, images=3)
    claimed = claim(database, request_id)
    record(database, request_id, [done(image) for image in claimed if image.seq % 2])
    in_work = ImageFilter(statuses=("processing",))
    seen: list[tuple[int, str]] = []
    after = 0
    with database.read() as connection:
        while page := images.page(connection, request_id, after=after, limit=3):
            seen += [(row.seq, row.product_name) for row in page]
            after = page[-1].seq
        even = images.page(connection, request_id, after=2, limit=10, which=in_work)
    assert seen == [(number, f"Product {number}") for number in range(1, 8)]
    assert [row.seq for row in even] == [4, 6]


def test_places_of_a_range_of_rows_show_the_shared_image(database: Database) -> None:
    request_id = add_request(database)
    write_urls(
        database,
        request_id,
        ["http://a.test/1", "http://a.test/2", "http://a.test/1", "http://a.test/4"],
    )
    part = images.Part(after_row=2, up_to_row=4, places_before=1, places_behind=3)
    with database.read() as connection:
        found = images.places(connection, request_id, images.RESULT, part)
    assert [(row.place_row, row.place_position, row.source_url) for row in found] == [
        (3, 1, "http://a.test/2"),
        (4, 1, "http://a.test/1"),
    ]


def test_each_place_has_its_image_and_no_other_place_has_one(database: Database) -> None:
    request_id, (one, two, three) = add_request(database), (f"http://a.test/{n}" for n in "123")
    batch = rows.Batch(
        rows=[2, 5, 9],
        serial_numbers=["1", "2", "3"],
        names=["Mug", "Cup", "Bowl"],
        url_counts=[2, 0, 3],
        urls=[one, two, two, three, three],
        hosts=["a.test:80"] * 5,
    )
    write_batch(database, request_id, batch)
    expected = {(2, 1): one, (2, 2): two, (9, 1): two, (9, 2): three, (9, 3): three}
    with database.read() as connection:
        at = {
            (row, position): images.at_place(connection, request_id, row=row, position=position)
            for row in range(1, 11)
            for position in range(6)
        }
        part = images.Part(after_row=1, up_to_row=9, places_before=0, places_behind=5)
        walked = images.places(connection, request_id, images.RESULT, part)
    assert {place: image.source_url for place, image in at.items() if image} == expected
    assert [(row.place_row, row.place_position, row.source_url) for row in walked] == [
        (*place, url) for place, url in expected.items()
    ]


def test_rows_are_deleted_in_pieces_and_only_those_of_the_request(database: Database) -> None:
    doomed, other = add_request(database, images=22), add_request(database, images=4)
    write_urls(database, doomed, ["http://host-a.test/1"] * 3, places_before=22)
    gone = []
    while True:
        with database.transaction() as connection:
            gone.append(images.delete_rows(connection, doomed, limit=10))
        if gone[-1] == 0:
            break
    assert gone == [23, 20, 7, 0]
    assert len(image_rows(database, other)) == 4
    assert [count(database, table) for table in (Product, ProductImage, Image)] == [4, 0, 4]


def test_cancelling_marks_in_pieces_what_is_not_done(database: Database) -> None:
    request_id = add_request(database, images=12)
    claimed = claim(database, request_id, 4)
    record(database, request_id, [done(claimed[0])])
    marked = []
    while True:
        with database.transaction() as connection:
            marked.append(queue.cancel_waiting(connection, request_id, now=START, limit=5))
        if marked[-1] < 5:
            break
    assert marked == [5, 5, 1]
    states = [row.status for row in image_rows(database, request_id)]
    assert states == ["completed"] + ["cancelled"] * 11


def test_failed_images_start_over_with_a_clean_slate(database: Database) -> None:
    request_id = add_request(database, images=3)
    first, second, third = claim(database, request_id)
    failed = {
        "status": "failed",
        "storage_key": None,
        "error_code": "http_status",
        "error_message": "It answered 404.",
        "http_status": 404,
    }
    record(database, request_id, [done(first), done(second, **failed), done(third, **failed)])
    with database.transaction() as connection:
        assert queue.requeue_failed(connection, request_id, now=START) == 2
    good, *failed_rows = image_rows(database, request_id)
    assert (good.status, good.attempts) == ("completed", 1)
    for row in failed_rows:
        assert (row.status, row.attempts, row.error_code, row.http_status) == (
            "pending",
            0,
            None,
            None,
        )
    # The fence goes on counting, so that a worker from before the retry is still too late.
    assert [image.fence for image in claim(database, request_id)] == [2, 2]
