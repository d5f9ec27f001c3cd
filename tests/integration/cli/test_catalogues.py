"""Exports on the command line: the same file back, named columns, paths with a beginning."""

from pathlib import Path

from tests.factories import make_jpeg
from tests.integration.cli.parts import run_app
from tests.parts.image_host import ImageHost
from tests.unit.catalog.workbooks import HEADER, make_workbook, sheet_xml


def test_an_export_comes_back_with_its_addresses_replaced(
    tmp_path: Path, image_host: ImageHost
) -> None:
    url = image_host.add("1.jpg", make_jpeg(80, 60))
    missing = image_host.url("2.jpg")
    text = f"Handle,Title,Image Src\na,=Mug,{url}\na,,{missing}\n"
    (tmp_path / "shop.csv").write_text(text, newline="")
    done = run_app(*("process", "shop.csv", "--replace", "--images", "pictures"), folder=tmp_path)
    assert done.returncode == 1, done.stderr
    output = (tmp_path / "shop-output.csv").read_bytes().decode()
    picture = (tmp_path / "pictures" / "2-1-mug.jpg").as_uri()
    assert output == text.replace(url, picture)


def test_columns_and_base_url_are_said_on_the_command_line(
    tmp_path: Path, image_host: ImageHost
) -> None:
    image_host.add("media/a/1.jpg", make_jpeg(80, 60))
    (tmp_path / "list.csv").write_text("Code;Foto\r\n7;/a/1.jpg\r\n", newline="")
    refused = run_app("process", "list.csv", "--columns", '{"images":["Foto"]}', folder=tmp_path)
    assert refused.returncode == 2
    assert "base_url" in refused.stderr
    done = run_app(
        *("process", "list.csv", "--columns", '{"images":["Foto"]}'),
        *("--base-url", f"{image_host.base_url}/media", "-o", "out.csv"),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert image_host.hits("media/a/1.jpg") == 1


def test_the_sheet_of_a_workbook_is_said_on_the_command_line(
    tmp_path: Path, image_host: ImageHost
) -> None:
    url = image_host.add("sheet.jpg", make_jpeg(80, 60))
    tables = {name: sheet_xml({1: HEADER, 2: [1, name, url]}) for name in ("Spring", "Autumn")}
    (tmp_path / "book.xlsx").write_bytes(make_workbook(tables))
    refused = run_app("process", "book.xlsx", "--sheet", "Winter", folder=tmp_path)
    assert refused.returncode == 2
    assert '"Spring", "Autumn"' in " ".join(refused.stderr.split())
    done = run_app("process", "book.xlsx", "--sheet", "Autumn", "-o", "out.csv", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1,Autumn," in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")


def test_a_mapping_that_is_no_json_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("Code;Foto\r\n7;http://127.0.0.1:9/1.jpg\r\n")
    done = run_app("process", "list.csv", "--columns", "Foto", folder=tmp_path)
    assert done.returncode == 2
    assert "is no JSON" in done.stderr
