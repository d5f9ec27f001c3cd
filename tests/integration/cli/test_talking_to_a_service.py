"""`submit`, `status`, `cancel`, `retry`, `delete`: over HTTP to a running service."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.api.contract.examples import STATE
from tests.factories import make_jpeg
from tests.integration.cli.conftest import WriteCsv
from tests.integration.cli.parts import all_output_urls, output_urls, run_app, running_service
from tests.parts.image_host import ImageHost

KEY = "a-key-of-the-tests"
UNKNOWN_ID = "01937f3a-9c1e-7c55-8a4e-3f1d2b6c7a90"


@pytest.fixture(scope="module")
def service_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that wants an API key."""
    with running_service(tmp_path_factory.mktemp("service"), API_KEYS=KEY) as url:
        yield url


def id_in(text: str) -> str:
    found = re.search(r"Request: ([0-9a-f-]{36})", text)
    assert found, text
    return found[1]


def test_submit_waits_and_downloads_the_output(
    tmp_path: Path, write_csv: WriteCsv, service_url: str
) -> None:
    write_csv(2)
    remote = ("--url", service_url, "--api-key", KEY)
    done = run_app("submit", "products.csv", "--wait", *remote, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 of 4 images done" in done.stdout
    urls = all_output_urls(tmp_path / "products-output.csv")
    assert len(urls) == 4
    assert all(url.startswith(f"{service_url}/images/") for url in urls)


def test_failed_images_end_with_1_and_can_be_tried_again(
    tmp_path: Path, write_csv: WriteCsv, image_host: ImageHost, service_url: str
) -> None:
    write_csv(2, missing=("1-2.jpg",))
    remote = ("--url", service_url)
    done = run_app("submit", "products.csv", "-o", "o.csv", *remote, folder=tmp_path, API_KEY=KEY)
    assert done.returncode == 1, done.stderr
    assert "row 2, image 2: The image's host answered 404" in done.stdout
    assert output_urls(tmp_path / "o.csv")[0][1] == ""
    request_id = id_in(done.stdout)
    shown = run_app("status", request_id, *remote, folder=tmp_path, API_KEY=KEY)
    assert shown.returncode == 0, shown.stderr
    assert "products.csv: completed, 100.0%" in shown.stdout
    assert "http_status: 1 image" in shown.stdout
    image_host.add("1-2.jpg", make_jpeg(100, 80))
    again = run_app("retry", request_id, *remote, folder=tmp_path, API_KEY=KEY)
    assert again.returncode == 0, again.stderr
    assert "1 image to do again" in again.stdout


def test_submit_answers_at_once_and_the_request_can_be_stopped_and_deleted(
    tmp_path: Path, write_csv: WriteCsv, service_url: str
) -> None:
    write_csv(60, delay=3)
    remote = ("--url", service_url, "--api-key", KEY)
    accepted = run_app("submit", "products.csv", "--quality", "70", *remote, folder=tmp_path)
    assert accepted.returncode == 0, accepted.stderr
    request_id = id_in(accepted.stdout)
    assert f"{service_url}/status/{request_id}" in accepted.stdout
    cancelled = run_app("cancel", request_id, *remote, folder=tmp_path)
    assert cancelled.returncode == 0, cancelled.stderr
    answer = run_app("status", request_id, "--json", *remote, folder=tmp_path)
    status = json.loads(answer.stdout)
    assert (status["status"], status["options"]["quality"]) == ("cancelled", 70)
    listed = run_app("status", "--state", "cancelled", *remote, folder=tmp_path)
    assert re.search(rf"^{request_id} +cancelled .*products\.csv", listed.stdout, re.MULTILINE)
    assert run_app("delete", request_id, *remote, folder=tmp_path).returncode == 0
    gone = run_app("status", request_id, *remote, folder=tmp_path)
    assert gone.returncode == 2
    assert "There is no request with the id" in gone.stderr


def test_the_status_of_a_running_request_names_speed_time_left_and_hosts_in_trouble(
    tmp_path: Path, image_host: ImageHost
) -> None:
    def in_seconds(seconds: int) -> str:
        return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()

    hosts = [
        {"host": "cdn.example", "state": "slowed", "pending": 1_230, "requests_per_second": 20.0},
        {"host": "media.example:8080", "state": "paused", "pending": 1},
        {"host": "old.example", "state": "unreachable", "pending": 7},
    ]
    retries = [None, in_seconds(90), in_seconds(-1)]
    for host, retry_at in zip(hosts, retries, strict=True):
        host |= {"retry_at": retry_at, "requests_per_second": host.get("requests_per_second")}
    status = STATE | {"status": "processing", "finished_at": None, "progress_percent": 41.2}
    status |= {"images_per_second": 18.44, "eta_seconds": 3_725, "hosts": hosts}
    about = f"requests/{UNKNOWN_ID}/images?status=failed&limit=10"
    image_host.add(f"status/{UNKNOWN_ID}", json.dumps(status).encode())
    image_host.add(about, json.dumps({"items": [], "next_cursor": None}).encode())
    done = run_app("status", UNKNOWN_ID, "--url", image_host.base_url, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1:3] == [
        "18.4 images a second, about 1 h 2 min left.",
        "cdn.example: 1,230 images waiting; it asks us to slow down, 20 a second.",
    ]
    paused = (
        r"media\.example:8080: 1 image waiting; it asks us to wait; next try in (1 min )?\d+ s\."
    )
    assert re.fullmatch(paused, lines[3])
    assert lines[4] == "old.example: 7 images waiting; it does not answer; next try now."


def test_a_refused_file_ends_with_2_and_names_the_cells(tmp_path: Path, service_url: str) -> None:
    (tmp_path / "bad.csv").write_text("S. No.,Product Name,Input Image Urls\n1,,http://x.test/\n")
    remote = ("--url", service_url, "--api-key", KEY)
    done = run_app("submit", "bad.csv", "--wait", *remote, folder=tmp_path)
    assert done.returncode == 2
    assert "row 2, column 'Product Name':" in done.stderr
    assert not (tmp_path / "bad-output.csv").exists()


def test_a_refused_option_names_its_bounds(
    tmp_path: Path, write_csv: WriteCsv, service_url: str
) -> None:
    write_csv(1)
    remote = ("--url", service_url, "--api-key", KEY)
    done = run_app("submit", "products.csv", "--quality", "101", *remote, folder=tmp_path)
    assert done.returncode == 2
    assert "quality is '101', but must be a whole number from 1 to 100." in done.stderr


def test_a_dry_run_says_what_would_be_done(
    tmp_path: Path, write_csv: WriteCsv, service_url: str
) -> None:
    write_csv(2)
    remote = ("--url", service_url, "--api-key", KEY)
    done = run_app("submit", "products.csv", "--dry-run", *remote, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 products with 4 images can be processed." in done.stdout


def test_without_an_address_the_settings_name_service_and_key(
    tmp_path: Path, service_url: str
) -> None:
    port = service_url.rpartition(":")[2]
    done = run_app("status", UNKNOWN_ID, folder=tmp_path, PORT=port, API_KEYS=KEY)
    assert "There is no request with the id" in done.stderr
    # A key of ours is for our service: an address that was typed does not get it.
    refused = run_app("status", "--url", service_url, folder=tmp_path, API_KEYS=KEY)
    assert refused.returncode == 2
    assert "API key" in refused.stderr


def test_a_missing_service_ends_with_3_and_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("x")
    for command in (("submit", "products.csv"), ("status",), ("cancel", UNKNOWN_ID)):
        done = run_app(*command, "--url", "http://127.0.0.1:1", folder=tmp_path)
        assert done.returncode == 3
        assert done.stderr.startswith("Error: No service answers at http://127.0.0.1:1 ")
        assert done.stderr.count("\n") == 1


def test_another_program_at_the_address_is_recognised(
    tmp_path: Path, image_host: ImageHost
) -> None:
    done = run_app("status", "--url", image_host.base_url, folder=tmp_path)
    assert done.returncode == 3
    assert "without a reason; is it this service?" in done.stderr
    image_host.add(f"status/{UNKNOWN_ID}", b'{"other": "program"}')
    done = run_app("status", UNKNOWN_ID, "--url", image_host.base_url, folder=tmp_path)
    assert done.returncode == 3
    assert "is not this service" in done.stderr


def test_submit_of_a_check_downloads_the_report(
    tmp_path: Path, write_csv: WriteCsv, service_url: str
) -> None:
    write_csv(2)
    remote = ("--url", service_url, "--api-key", KEY)
    done = run_app("submit", "products.csv", "--mode", "CHECK", "--wait", *remote, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 of 4 images fine" in done.stdout
    lines = (tmp_path / "products-report.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 5
    assert "source_width" in lines[0]
