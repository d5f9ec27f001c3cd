"""What a batch meets on Postgres only: its encodings, and what its text cannot hold."""

from collections.abc import Iterator

import psycopg
import pytest

from app.db import rows
from app.db.engine import Database
from app.db.migrate import migrate
from app.db.models import Image, Product, ProductImage
from tests.integration.db.parts import add_request, count, image_rows, write_batch


@pytest.fixture
def url(postgres_url: str) -> str:
    """The SQLAlchemy address of an empty database."""
    return postgres_url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A migrated database."""
    made = Database(url)
    migrate(made)
    yield made
    made.close()


def a_row(name: str, url: str) -> rows.Batch:
    return rows.Batch([2], ["1"], [name], [1], [url], ["a.test:80"])


@pytest.mark.parametrize("all_new", [False, True])
def test_a_nul_is_an_error_and_nothing_is_written(database: Database, all_new: bool) -> None:
    request_id = add_request(database)
    for name, url in (("Mu\0g", "http://a.test/1"), ("Mug", "http://a.test/\0")):
        with pytest.raises(psycopg.DataError):
            write_batch(database, request_id, a_row(name, url), all_new=all_new)
    assert [count(database, table) for table in (Product, ProductImage, Image)] == [0, 0, 0]


@pytest.mark.parametrize("all_new", [False, True])
def test_text_arrives_over_a_connection_of_another_encoding(
    database: Database, url: str, all_new: bool
) -> None:
    request_id = add_request(database)
    latin = Database(f"{url}?client_encoding=latin1")
    write_batch(latin, request_id, a_row("Müg 写", "http://a.test/é写"), all_new=all_new)
    with latin.read() as connection:
        assert connection.exec_driver_sql("SHOW client_encoding").scalar_one() == "LATIN1"
    latin.close()
    assert [row.source_url for row in image_rows(database, request_id)] == ["http://a.test/é写"]


def test_urls_of_an_earlier_batch_are_an_error_where_all_were_said_to_be_new(
    database: Database,
) -> None:
    request_id = add_request(database)
    first = rows.Batch([2], ["1"], ["Mug"], [1], ["http://a.test/1"], ["a.test:80"])
    second = rows.Batch([3], ["2"], ["Cup"], [1], ["http://a.test/1"], ["a.test:80"], 1)
    assert write_batch(database, request_id, first, all_new=True) == 1
    with pytest.raises(psycopg.errors.UniqueViolation):
        write_batch(database, request_id, second, all_new=True)
    assert [count(database, table) for table in (Product, ProductImage, Image)] == [1, 1, 1]
