"""A first try without a file of one's own; the pictures come along, see `app/samples/`."""

import io

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

from app.adapters import Adapters
from app.domain.formats import content_type
from app.domain.options import ProcessingOptions
from app.intake.submit import submit
from app.samples.sample import FILENAME, sample_csv, sample_picture

router = APIRouter(include_in_schema=False)


@router.get("/sample-images/{number}.jpg")
def sample_image(number: int) -> Response:
    """One of the sample's pictures; open, because they are no secret and pages show them."""
    try:
        return Response(sample_picture(number), media_type=content_type("jpeg"))
    except KeyError:
        raise HTTPException(404) from None


def submit_sample(adapters: Adapters, *, owner: str) -> str:
    """Upload the sample as anybody would; returns the request's id."""
    answer = submit(
        adapters,
        content=io.BytesIO(sample_csv(adapters.settings.base_url)),
        filename=FILENAME,
        options=ProcessingOptions(keep_originals=True),
        webhook_url=None,
        owner=owner,
    )
    request_id: str = answer["request_id"]
    return request_id
