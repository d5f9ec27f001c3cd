"""`python -m app demo`: the main job with nothing prepared."""

from pathlib import Path

from PIL import Image

from tests.integration.cli.parts import all_output_urls, run_app, visible_files

SMALL = ("--products", "2", "--images-per-product", "3")


def the_only_demo(folder: Path) -> Path:
    (demo,) = (folder / "data/demo").iterdir()
    return demo


def test_it_ends_with_0_and_pictures_that_can_be_opened(tmp_path: Path) -> None:
    done = run_app("demo", *SMALL, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    demo = the_only_demo(tmp_path)
    assert f"Output CSV: {demo}/products-output.csv" in done.stdout
    assert "Saved " in done.stdout
    assert "Checked: 6 output pictures" in done.stdout
    urls = all_output_urls(demo / "products-output.csv")
    assert len(urls) == 6
    for url in urls:
        with Image.open(url.removeprefix("file://")) as image:
            assert image.format == "JPEG"
    # Its database and store were for this run alone.
    assert visible_files(demo) == {"pictures", "images", "products-output.csv"}


def test_broken_pictures_are_reported_and_are_no_failure_of_the_demo(tmp_path: Path) -> None:
    done = run_app("demo", *SMALL, "--broken", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    for code in ("corrupt_image", "not_an_image", "http_status"):
        assert f"{code}: 1 image" in done.stdout
    urls = all_output_urls(the_only_demo(tmp_path) / "products-output.csv")
    assert urls.count("") == 3


def test_it_needs_nothing_that_is_configured(tmp_path: Path) -> None:
    done = run_app(
        "demo",
        "--products",
        "1",
        folder=tmp_path,
        DATABASE_URL="postgresql://nobody@127.0.0.1:1/none",
        REDIS_URL="redis://127.0.0.1:1/0",
        S3_BUCKET="none",
        S3_ENDPOINT_URL="http://127.0.0.1:1",
        WEBHOOK_URL="http://127.0.0.1:1/",
        FETCH_ALLOW_NETWORKS="",
    )
    assert done.returncode == 0, done.stderr
    assert "whatever is configured" in done.stderr
    assert not (tmp_path / "data/service.db").exists()
