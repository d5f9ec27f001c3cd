"""CSV files for the benchmarks, made by code and kept for next time."""

from pathlib import Path

from benchmarks.figures import progress

URLS_PER_ROW = 3
ROWS_PER_WRITE = 10_000


def make_table(path: Path, rows: int) -> Path:
    """A file of that many rows, unless it is there already; every URL is another one."""
    if path.exists():
        return path
    progress(f"Making {path} ...")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        file.write("S. No.,Product Name,Input Image Urls\r\n")
        for start in range(1, rows + 1, ROWS_PER_WRITE):
            numbers = range(start, min(start + ROWS_PER_WRITE, rows + 1))
            file.write("".join(map(_line, numbers)))
    part.rename(path)
    return path


def _line(number: int) -> str:
    urls = ",".join(
        f"https://images.shop.example/p/{number:08}-{position}.jpg"
        for position in range(1, URLS_PER_ROW + 1)
    )
    return f'{number},Oak Chair {number},"{urls}"\r\n'
