"""`create_test_data.py`: the CSV names pictures that are there, and `--serve` serves them."""

import csv
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
from PIL import Image

from create_test_data import create_test_data, serve
from tests.parts.process import REPOSITORY

SCRIPT = REPOSITORY / "create_test_data.py"


def urls_in(csv_path: Path) -> list[list[str]]:
    with csv_path.open(newline="", encoding="utf-8") as file:
        return [row["Input Image Urls"].split(",") for row in csv.DictReader(file)]


def test_every_url_of_the_csv_is_a_picture(tmp_path: Path) -> None:
    with serve(tmp_path) as base_url:
        path = create_test_data(tmp_path, products=4, images_per_product=3, base_url=base_url)
        rows = urls_in(path)
        assert [len(row) for row in rows] == [3, 3, 3, 3]
        kinds = {httpx.get(url).headers["content-type"] for row in rows for url in row}
    assert kinds == {"image/jpeg", "image/png", "image/webp"}
    orientations = [Image.open(picture).getexif().get(0x0112) for picture in tmp_path.glob("*.jpg")]
    assert 6 in orientations
    assert None in orientations
    assert all(Image.open(picture).mode == "RGBA" for picture in tmp_path.glob("*.png"))


def test_same_seed_makes_the_same_files_and_another_seed_others(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder, seed in zip(folders, (1, 1, 2), strict=True):
        create_test_data(folder, products=2, images_per_product=1, seed=seed)
    contents = [{file.read_bytes() for file in folder.iterdir()} for folder in folders]
    assert contents[0] == contents[1]
    assert not contents[0] & contents[2]


def test_broken_ones_stand_beside_good_ones(tmp_path: Path) -> None:
    with serve(tmp_path) as base_url:
        path = create_test_data(
            tmp_path, products=1, images_per_product=1, base_url=base_url, broken=True
        )
        rows = urls_in(path)
        assert [len(row) for row in rows] == [1, 2, 2, 2]
        cut_off, web_page, dead = (httpx.get(row[1]) for row in rows[1:])
    assert cut_off.content[:2] == b"\xff\xd8"
    assert not cut_off.content.endswith(b"\xff\xd9")
    assert web_page.text.startswith("<!doctype html>")
    assert dead.status_code == 404


def test_serve_prints_what_to_do_next_and_ends_well(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--products", "1", "--serve", "--port", "0"]
    # A folder that only this run sees, and a working directory that is not the repository.
    server = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert server.stdout is not None
    lines: list[str] = []
    while not lines or "curl" not in lines[-1]:
        lines.append(server.stdout.readline())
    text = "".join(lines)
    base_url = re.search(r"http://127\.0\.0\.1:\d+", text)
    assert base_url
    assert "FETCH_ALLOW_NETWORKS=127.0.0.0/8 ./run.sh" in text
    assert "curl -F file=@test_data/products.csv http://127.0.0.1:8000/upload" in text
    assert httpx.get(f"{base_url[0]}/products.csv").status_code == 200
    server.send_signal(signal.SIGINT)
    assert server.wait(10) == 0
    server.stdout.close()


def test_bad_arguments_are_refused_in_one_sentence(tmp_path: Path) -> None:
    for arguments in (["--products", "0"], ["--serve", "--port", "99999"]):
        command = [sys.executable, str(SCRIPT), *arguments, "--output", str(tmp_path / "out")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        assert done.stderr.strip()
