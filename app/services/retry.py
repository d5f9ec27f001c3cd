"""Do the failed images of an ended request again, under the same id and the same names."""

from typing import Any

from app.db import images, requests
from app.domain.errors import WrongState
from app.domain.statuses import RequestStatus
from app.services.adapters import Adapters, now
from app.services.ingest import IMAGES_PER_TURN, TURNS_MAX
from app.services.limits import check_reopened_request
from app.services.read import find, status


def retry(adapters: Adapters, request_id: str, *, owner: str) -> dict[str, Any]:
    """Put the failed images back to work and return the request's status.

    Raises:
        RequestNotFound: see `read.find`.
        WrongState: the request is still open, was cancelled, or has no failed image.
        TooManyOpenImages: the key has as many images in work as it may.
    """
    moment = now()
    with adapters.database.transaction() as connection:
        row = find(connection, request_id, owner=owner, lock=True)
        if row.status not in {RequestStatus.COMPLETED, RequestStatus.FAILED}:
            raise WrongState(
                f"The request is {row.status}; failed images can be tried again once it is "
                "completed or failed."
            )
        if row.images_failed == 0:
            raise WrongState("No image of this request failed; there is nothing to try again.")
        again = images.reset_failed(connection, row.id, now=moment)
        requests.reopen(connection, row.id, images=again, now=moment)
        check_reopened_request(connection, adapters.settings, owner)
    adapters.hints.send("request.work", row.id, times=min(TURNS_MAX, 1 + again // IMAGES_PER_TURN))
    return status(adapters, request_id, owner=owner)
