"""Addresses that are pages of file shares: said at the upload, left as they are in the file."""

from pathlib import Path
from typing import Any

import httpx

from tests.integration.api.parts import make_csv, upload
from tests.integration.bench import bench

# As people copy it from the page; see also the unit tests of `app.outbound.share_links`.
GDRIVE = (
    b"S. No.,Product Name,Input Image Urls\r\n"
    b"1,Mug,https://drive.google.com/file/d/1AbCdEfGhIjKlMnOpQrStUvWxYz012345/view?usp=sharing\r\n"
)
ONE_OF_DRIVE = (
    "1 address is a page of Google Drive that shows a file; it is fetched by its download address. "
    "Each file must be shared with everyone who has its link."
)


def found(client: httpx.Client, data: bytes) -> dict[str, Any]:
    response = upload(client, data, dry_run="true")
    assert response.status_code == 200, response.text
    document: dict[str, Any] = response.json()
    return document


def test_a_page_is_named_at_a_dry_run_and_at_the_upload_and_its_cell_stays(
    client: httpx.Client, tmp_path: Path
) -> None:
    assert found(client, GDRIVE)["warnings"] == [ONE_OF_DRIVE]
    # Nothing is fetched: no worker is at work.
    with bench(working=False, data_dir=tmp_path) as service:
        request_id = service.upload(GDRIVE)
        assert service.status(request_id)["warnings"] == [ONE_OF_DRIVE]
        (row,) = service.output(request_id, partial=True)
    cell = GDRIVE.decode().split("\r\n")[1].split(",")[2]
    assert row["Input Image Urls"] == cell


def test_each_service_has_one_warning_with_its_number(client: httpx.Client) -> None:
    drive = "https://drive.google.com/open?id=1AbCdEfGhIjKlMnOpQrStUvWxYz01234{}"
    rows = [("Mug", drive.format(n)) for n in range(3)]
    rows += [("Cup", f"https://www.dropbox.com/s/abc{n}/cup.jpg?dl=0") for n in range(2)]
    rows += [("Jug", "https://shop.example/a.jpg")]
    drive_warning, dropbox_warning = found(client, make_csv(*rows))["warnings"]
    assert drive_warning.startswith("3 addresses are pages of Google Drive")
    assert dropbox_warning.startswith("2 addresses are pages of Dropbox")
