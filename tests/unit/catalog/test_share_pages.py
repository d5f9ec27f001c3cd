"""Pages of file shares are counted by service, and only their hosts' addresses are looked at."""

import io

from app.catalog.reader import SharePages, validate
from tests.unit.catalog.csv_files import ONE, make_csv


def service_of(url: str) -> str | None:
    asked.append(url)
    return "Drive" if "/file/" in url else None


asked: list[str] = []


def count(data: bytes) -> dict[str, int]:
    asked.clear()
    shares = SharePages(lambda host: host == "drive.example", service_of)
    validate(io.BytesIO(data), max_rows=10_000, accept_valid_rows=True, shares=shares)
    return dict(shares.places)


def test_pages_are_counted_in_plain_lists_and_in_exports() -> None:
    page = "https://drive.example/file/1"
    cell = f"{ONE},{page},https://Drive.example:443/file/2,https://drive.example/other"
    plain = make_csv([("1", "Mug", cell), ("2", "Cup", page), ("3", "Jug", "ftp://x")])
    assert count(plain) == {"Drive": 4 - 1}
    export = make_csv(
        [("mug", "Mug", page), ("mug", "", ONE), ("cup", "Cup", page)],
        header=("Handle", "Title", "Image Src"),
    )
    assert count(export) == {"Drive": 2}


def test_other_hosts_are_not_looked_at() -> None:
    rows = [(str(n), "Mug", f"https://img.example.com/file/{n}.jpg") for n in range(5_000)]
    assert count(make_csv([*rows, ("x", "Mug", "https://drive.example/file/1")])) == {"Drive": 1}
    # Perhaps the neighbours in the same block, but no more.
    assert asked == ["https://drive.example/file/1"]
    assert count(make_csv(rows)) == {}
    assert asked == []
