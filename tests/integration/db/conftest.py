"""Databases that have no tables yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The SQLAlchemy address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.new_database()
    yield url.replace("postgresql://", "postgresql+psycopg://")
    server.drop_database(url)
