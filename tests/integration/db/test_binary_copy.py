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


def a_row(name: str, url: str, *, urls_repeat: bool) -> rows.Batch:
    return rows.Batch([2], ["1"], [name], [1], [url], ["a.test:80"], 0, urls_repeat)


@pytest.mark.parametrize("urls_repeat", [False, True])
def test_a_nul_is_an_error_and_nothing_is_written(database: Database, urls_repeat: bool) -> None:
    request_id = add_request(database)
    for name, url in (("Mu\0g", "http://a.test/1"), ("Mug", "http://a.test/\0")):
        with pytest.raises(psycopg.DataError):
            write_batch(database, request_id, a_row(name, url, urls_repeat=urls_repeat))
    assert [count(database, table) for table in (Product, ProductImage, Image)] == [0, 0, 0]


@pytest.mark.parametrize("urls_repeat", [False, True])
def test_text_arrives_over_a_connection_of_another_encoding(
    database: Database, url: str, urls_repeat: bool
) -> None:
    request_id = add_request(database)
    latin = Database(f"{url}?client_encoding=latin1")
    batch = a_row("Müg 写", "http://a.test/é写", urls_repeat=urls_repeat)
    write_batch(latin, request_id, batch)
    with latin.read() as connection:
        assert connection.exec_driver_sql("SHOW client_encoding").scalar_one() == "LATIN1"
    latin.close()
    assert [row.source_url for row in image_rows(database, request_id)] == ["http://a.test/é写"]
