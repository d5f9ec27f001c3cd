import pytest

from app.domain.errors import IMAGE_ERROR_CODES
from app.domain.statuses import FINAL_STATUSES, RequestStatus, final_request_status


@pytest.mark.parametrize(
    ("total", "completed", "status"),
    [
        (3, 3, RequestStatus.COMPLETED),
        (3, 1, RequestStatus.COMPLETED),
        (0, 0, RequestStatus.COMPLETED),
        (3, 0, RequestStatus.FAILED),
    ],
)
def test_one_image_makes_a_request_complete(
    total: int, completed: int, status: RequestStatus
) -> None:
    assert final_request_status(images_total=total, images_completed=completed) is status


def test_only_ends_are_final() -> None:
    assert {status for status in RequestStatus if status.is_final} == FINAL_STATUSES
    assert {status.value for status in FINAL_STATUSES} == {"completed", "failed", "cancelled"}


def test_the_error_codes_are_those_of_the_contract() -> None:
    assert set(IMAGE_ERROR_CODES) == {
        "invalid_url",
        "address_blocked",
        "dns_failed",
        "connect_failed",
        "tls_failed",
        "timeout",
        "too_many_redirects",
        "http_status",
        "response_too_large",
        "not_an_image",
        "unsupported_format",
        "corrupt_image",
        "too_many_pixels",
        "decoder_crashed",
        "decoder_timeout",
        "storage_failed",
        "internal",
        "rate_limited",
        "host_unreachable",
    }
