"""Whatever the OpenAPI document allows, and much that it does not, gets a documented answer.

Schemathesis makes the calls from the document of the running service: values on and beyond every
bound, missing and unknown parameters, wrong methods, broken forms, no key. Every answer must have
a documented status, content type, headers and body, and never be a 5xx. The same calls come each
time.
"""

from collections.abc import Iterator
from itertools import cycle

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
)

from app.api.upload.form import SWITCHES
from app.config import Settings
from app.main import create_app
from tests.integration.api.parts import (
    Service,
    accepted,
    ended,
    make_csv,
    make_jpeg,
    running_service,
)
from tests.parts.image_host import ImageHost
from tests.parts.webhook_receiver import WebhookReceiver

KEY = {"Authorization": "Bearer key-of-the-fuzzer"}
CALLS_PER_OPERATION = 15
# A stream lasts as long as its request; test_live_events.py has its answers.
UNENDING = ["follow_events"]
# No schema can say what makes a text a usable CSV, a cursor of ours, or the name of a host.
PICKY = {"upload", "list_requests", "list_images", "list_hosts", "retry", "download_report_csv"}
CSVS = cycle(
    [
        make_csv(("Shirt", "http://127.0.0.1:9/a.jpg")),
        make_csv(("Shirt", "http://127.0.0.1:9/a.jpg http://127.0.0.1:9/b.jpg"), ("", "no url")),
        make_csv(("Mug", "ftp://127.0.0.1/a.jpg")),
        b"",
    ]
)

SETTINGS = {"api_keys": "key-of-the-fuzzer", "max_upload_bytes": 50_000}
DOCUMENT = create_app(Settings(_env_file=None, **SETTINGS)).openapi()
schema = schemathesis.openapi.from_dict(DOCUMENT).exclude(operation_id=UNENDING)

bounded = settings(
    max_examples=CALLS_PER_OPERATION,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a key, SQLite and local files."""
    folder = tmp_path_factory.mktemp("fuzzed")
    with running_service(folder, **SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def made(fuzzed: Service) -> Iterator[Iterator[tuple[str, str]]]:
    """Requests in all states with one of their webhook deliveries, over and over again."""
    with (
        ImageHost() as host,
        WebhookReceiver() as receiver,
        httpx.Client(base_url=fuzzed.base_url, headers=KEY) as client,
    ):
        host.add("good.jpg", make_jpeg())
        host.add("slow.jpg", make_jpeg(), delay=60)
        ids = [
            accepted(
                client,
                make_csv(
                    ("Shirt", f"{host.base_url}/{first}"), ("Mug", f"{host.base_url}/{second}")
                ),
                webhook_url=receiver.url,
            )
            for first, second in (
                ("good.jpg", "missing.jpg"),
                ("missing.jpg", "missing-2.jpg"),
                ("slow.jpg", "good.jpg"),
                ("slow.jpg", "missing.jpg"),
            )
        ]
        for request_id in ids[:2]:
            ended(client, request_id)
        client.post(f"/requests/{ids[3]}/cancel")
        yield cycle([(request_id, delivery_of(client, request_id)) for request_id in ids])


def delivery_of(client: httpx.Client, request_id: str) -> str:
    """The id of the request's newest delivery; its own id where nothing was told yet."""
    deliveries = client.get(f"/requests/{request_id}/webhook-deliveries").json()["items"]
    return deliveries[0]["id"] if deliveries else request_id


def test_the_document_is_the_one_that_the_service_answers(fuzzed: Service) -> None:
    assert fuzzed.client.get("/openapi.json").json() == DOCUMENT


@schema.parametrize()
@bounded
def test_every_call_gets_a_documented_answer(case: Case, fuzzed: Service) -> None:
    check(case, fuzzed)


@schema.include(path_regex="request_id").exclude(method="DELETE").parametrize()
@bounded
def test_calls_about_requests_that_exist_get_a_documented_answer(
    case: Case, fuzzed: Service, made: Iterator[tuple[str, str]]
) -> None:
    request_id, delivery_id = next(made)
    case.path_parameters["request_id"] = request_id
    if "delivery_id" in case.path_parameters:
        case.path_parameters["delivery_id"] = delivery_id
    check(case, fuzzed)


@schema.include(operation_id="upload").parametrize()
@bounded
def test_uploads_of_usable_files_get_a_documented_answer(case: Case, fuzzed: Service) -> None:
    if isinstance(case.body, dict) and "file" in case.body:
        case.body["file"] = next(CSVS)
    check(case, fuzzed)


def check(case: Case, service: Service) -> None:
    """Make the call and hold its answer against the document."""
    operation_id = case.operation.definition.raw["operationId"]
    excluded = [positive_data_acceptance] if operation_id in PICKY else []
    if operation_id == "upload" and _has_a_switch_as_number(case):
        excluded.append(negative_data_rejection)
    case.call_and_validate(base_url=service.base_url, headers=KEY, excluded_checks=excluded)


def _has_a_switch_as_number(case: Case) -> bool:
    """Whether a form says 0 or 1 for false or true, which it may: all that it sends is text.

    For the document these are numbers, and so a mistake.
    """
    switches = [*SWITCHES, "keep_originals", "fresh"]
    given = [each for each in (case.body, case.query) if isinstance(each, dict)]
    values = [each.get(name) for each in given for name in switches]
    # True is equal to 1, and no mistake.
    return any(str(value) in ("0", "1") for value in values)
