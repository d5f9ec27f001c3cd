"""`python -m app process`: one CSV without a server."""

from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import httpx
from PIL import Image

from tests.factories import make_csv, make_jpeg
from tests.integration.cli.conftest import WriteCsv
from tests.integration.cli.parts import (
    all_output_urls,
    output_urls,
    rows_of,
    run_app,
    running_service,
    visible_files,
)
from tests.parts.image_host import ImageHost
from tests.parts.s3_servers import S3Server
from tests.parts.webhook_receiver import WebhookReceiver

BAD_CSV = b"S. No.,Product Name,Input Image Urls\n1,,http://shop.test/a.jpg\n2,Mug,no address\n"


def picture_behind(url: str) -> Image.Image:
    return Image.open(url2pathname(urlsplit(url).path))


def test_a_good_file_ends_with_0_and_an_output_beside_the_input(
    tmp_path: Path, write_csv: WriteCsv
) -> None:
    write_csv(3)
    done = run_app("process", "products.csv", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert visible_files(tmp_path) == {"products.csv", "products-output.csv"}
    urls = output_urls(tmp_path / "products-output.csv")
    assert [len(places) for places in urls] == [2, 2, 2]
    for url in chain(*urls):
        assert url.startswith("http://127.0.0.1:8000/images/")
        key = urlsplit(url).path.removeprefix("/images/")
        assert Image.open(tmp_path / "data/files" / key).format == "JPEG"
    assert "6 of 6 images done" in done.stdout
    assert str(tmp_path / "products-output.csv") in done.stdout
    assert "6 of 6 images" in done.stderr


def test_failed_images_end_with_1_and_leave_empty_places(
    tmp_path: Path, write_csv: WriteCsv
) -> None:
    write_csv(3, missing=("2-1.jpg",))
    done = run_app("process", "products.csv", "-o", "out.csv", folder=tmp_path)
    assert done.returncode == 1, done.stderr
    urls = output_urls(tmp_path / "out.csv")
    assert urls[1][0] == ""
    assert all(url for url in [*urls[0], urls[1][1], *urls[2]])
    assert "5 of 6 images done, 1 failed" in done.stdout
    assert "http_status: 1 image" in done.stdout
    assert "row 3, image 1: The image's host answered 404" in done.stdout


def test_an_unusable_file_ends_with_2_and_names_every_bad_cell(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_bytes(BAD_CSV)
    done = run_app("process", "products.csv", "--images", "pictures", folder=tmp_path)
    assert done.returncode == 2
    assert "row 2, column 'Product Name':" in done.stderr
    assert "row 3, column 'Input Image Urls', value 'no address':" in done.stderr
    assert visible_files(tmp_path) == {"products.csv"}
    assert not list((tmp_path / "data").rglob("input.csv"))


def test_good_rows_are_done_where_bad_ones_are_accepted(
    tmp_path: Path, image_host: ImageHost
) -> None:
    url = image_host.add("a.jpg", make_jpeg(100, 80))
    cells = [["1", "Mug", url], ["2", "", url]]
    (tmp_path / "products.csv").write_bytes(make_csv(cells=cells))
    done = run_app("process", "products.csv", "--accept-valid-rows", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Warning: 1 row with errors left out." in done.stderr
    assert output_urls(tmp_path / "products-output.csv")[0][0]


def test_pictures_go_into_a_folder_and_the_output_links_to_them(
    tmp_path: Path, write_csv: WriteCsv
) -> None:
    write_csv(2)
    options = ("--quality", "30", "--format", "WEBP", "--scale", "0.5", "--keep-originals")
    folder = "neue Bilder, 2"
    done = run_app("process", "products.csv", "--images", folder, *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert visible_files(tmp_path / folder) == {
        "2-1-product-1.webp",
        "2-2-product-1.webp",
        "3-1-product-2.webp",
        "3-2-product-2.webp",
        "originals",
    }
    for url in all_output_urls(tmp_path / "products-output.csv"):
        assert url.startswith("file:///")
        with picture_behind(url) as image:
            assert (image.format, image.size) == ("WEBP", (150, 100))
    assert (tmp_path / folder / "originals/2-1-product-1.jpg").read_bytes() == make_jpeg(300, 200)


def test_pictures_of_an_earlier_run_are_copied_under_the_names_of_this_one(
    tmp_path: Path, image_host: ImageHost
) -> None:
    headers = {"ETag": '"v1"'}
    urls = [
        image_host.add(f"{n}.jpg", make_jpeg(40 + n, 40, seed=n), headers=headers) for n in range(3)
    ]
    (tmp_path / "first.csv").write_bytes(make_csv(cells=[["1", "Mug", ",".join(urls[:2])]]))
    # The second file begins with a new picture, which moves the others: names of both runs cross.
    cells = [["1", "Mug", f"{urls[2]},{urls[0]}"], ["2", "Cup", urls[1]]]
    (tmp_path / "second.csv").write_bytes(make_csv(cells=cells))
    options = ("--keep-originals", "--images")
    done = run_app("process", "first.csv", *options, "one", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run_app("process", "second.csv", *options, "two", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sum(image_host.not_modified(f"{n}.jpg") for n in range(3)) == 2
    links = list(chain(*output_urls(tmp_path / "second-output.csv")))
    assert [picture_behind(url).width for url in links] == [42, 40, 41]
    assert [url.rsplit("/", 1)[1] for url in links] == ["2-1-mug.jpg", "2-2-mug.jpg", "3-1-cup.jpg"]
    for number, name in ((2, "2-1-mug"), (0, "2-2-mug"), (1, "3-1-cup")):
        original = tmp_path / "two/originals" / f"{name}.jpg"
        assert original.read_bytes() == make_jpeg(40 + number, 40, seed=number)


def test_nothing_that_exists_is_overwritten_without_force(
    tmp_path: Path, write_csv: WriteCsv
) -> None:
    write_csv(1)
    output, pictures = tmp_path / "products-output.csv", tmp_path / "pictures"
    output.write_text("mine")
    pictures.mkdir()
    (pictures / "mine.txt").write_text("mine")
    refused = run_app("process", "products.csv", folder=tmp_path)
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    refused = run_app(
        "process", "products.csv", "-o", "x.csv", "--images", "pictures", folder=tmp_path
    )
    assert refused.returncode == 2
    assert output.read_text() == "mine"
    assert visible_files(pictures) == {"mine.txt"}
    done = run_app("process", "products.csv", "--images", "pictures", "--force", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert output_urls(output)[0][0].endswith("/pictures/2-1-product-1.jpg")
    assert (pictures / "mine.txt").read_text() == "mine"


def test_the_input_is_never_overwritten(tmp_path: Path, write_csv: WriteCsv) -> None:
    source = write_csv(1)
    before = source.read_bytes()
    done = run_app("process", "products.csv", "-o", "./products.csv", "--force", folder=tmp_path)
    assert done.returncode == 2
    assert source.read_bytes() == before


def test_standard_input_and_output_make_a_filter(tmp_path: Path, write_csv: WriteCsv) -> None:
    content = write_csv(1).read_bytes()
    done = run_app("process", "-", "--images", "pictures", folder=tmp_path, stdin=content)
    assert done.returncode == 0, done.stderr
    (row,) = rows_of(done.stdout)
    assert row["Output Image Urls"].count("file://") == 2
    assert "2 of 2 images done" in done.stderr


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path, write_csv: WriteCsv) -> None:
    write_csv(1)
    done = run_app("process", "products.csv", "-o", "/dev/null", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path("/dev/null").is_char_device()


def test_a_running_service_shares_the_work_and_answers_the_links(
    tmp_path: Path, write_csv: WriteCsv
) -> None:
    write_csv(30)
    with running_service(tmp_path) as url:
        done = run_app("process", "products.csv", folder=tmp_path, PUBLIC_BASE_URL=url)
        assert done.returncode == 0, done.stderr
        links = all_output_urls(tmp_path / "products-output.csv")
        assert len(links) == 60
        answers = [httpx.get(link) for link in links[::20]]
        assert [answer.headers["content-type"] for answer in answers] == ["image/jpeg"] * 3
        (request,) = httpx.get(f"{url}/requests").json()["items"]
        assert request["images"]["completed"] == 60


def test_the_webhook_is_told_before_the_command_ends(
    tmp_path: Path, write_csv: WriteCsv, webhook_receiver: WebhookReceiver
) -> None:
    write_csv(1)
    done = run_app("process", "products.csv", folder=tmp_path, WEBHOOK_URL=webhook_receiver.url)
    assert done.returncode == 0, done.stderr
    (told,) = webhook_receiver.received
    assert told.json()["type"] == "request.completed"


def test_it_works_on_postgres_and_s3(
    tmp_path: Path, write_csv: WriteCsv, postgres_url: str, s3_server: S3Server
) -> None:
    write_csv(2)
    done = run_app(
        "process",
        "products.csv",
        "--images",
        "pictures",
        folder=tmp_path,
        DATABASE_URL=postgres_url,
        S3_BUCKET=s3_server.new_bucket(),
        S3_ENDPOINT_URL=s3_server.endpoint_url,
        AWS_ACCESS_KEY_ID=s3_server.access_key,
        AWS_SECRET_ACCESS_KEY=s3_server.secret_key,
    )
    assert done.returncode == 0, done.stderr
    for url in all_output_urls(tmp_path / "products-output.csv"):
        with picture_behind(url) as image:
            assert image.size == (300, 200)
    assert not (tmp_path / "data/service.db").exists()


def test_a_check_writes_the_report_and_no_picture(tmp_path: Path, write_csv: WriteCsv) -> None:
    write_csv(2, missing=("2-1.jpg",))
    done = run_app("process", "products.csv", "--mode", "check", folder=tmp_path)
    assert done.returncode == 1, done.stderr
    assert visible_files(tmp_path) == {"products.csv", "products-report.csv"}
    lines = rows_of((tmp_path / "products-report.csv").read_text(encoding="utf-8"))
    assert [line["status"] for line in lines] == ["completed", "completed", "failed", "completed"]
    assert [line["source_format"] for line in lines] == ["jpeg", "jpeg", "", "jpeg"]
    assert "3 of 4 images fine, 1 failed" in done.stdout
    assert "http_status: 1 image" in done.stdout
    assert "Saved" not in done.stdout
    assert f"Report: {tmp_path / 'products-report.csv'}" in done.stdout


def test_a_check_into_a_folder_for_pictures_is_refused(tmp_path: Path, write_csv: WriteCsv) -> None:
    write_csv(1)
    asked = ("--mode", "check", "--images", "pictures")
    done = run_app("process", "products.csv", *asked, folder=tmp_path)
    assert done.returncode == 2
    assert "a check makes no pictures" in done.stderr
    assert visible_files(tmp_path) == {"products.csv"}
