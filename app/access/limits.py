"""How much one API key may ask for: uploads in a minute, images not yet done."""

import math
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.adapters import Adapters, now
from app.config import Settings
from app.db.requests import usage
from app.domain.errors import TooManyOpenImages, TooManyUploads, UploadTooLarge
from app.domain.retry import CALL_AGAIN_LATER_SECONDS

UPLOAD_WINDOW = timedelta(minutes=1)


def early_refusal(adapters: Adapters, owner: str) -> TooManyUploads | TooManyOpenImages | None:
    """What `check_new_request` would surely raise after all the work on the file, before it."""
    settings = adapters.settings
    if not _limited(settings, owner):
        return None
    most = settings.uploads_per_minute
    try:
        with adapters.database.read() as connection:
            _check_uploads(connection, settings, owner, most=most, moment=now())
            _check_open_images(connection, settings, owner, more=1)
    except (TooManyUploads, TooManyOpenImages) as error:
        return error
    return None


def check_new_request(
    connection: Connection, settings: Settings, owner: str, *, images: int, moment: datetime
) -> None:
    """Refuse a request whose row was just written, and with it its transaction.

    The count comes after the writing and under a lock, so that it is exact also when several
    uploads come at once, to whichever API process.

    Raises:
        TooManyUploads, TooManyOpenImages: the key has used up what it may; says when to ask again.
        UploadTooLarge: the request alone has more images than may be open; waiting cannot help.
    """
    if not _limited(settings, owner):
        return
    if 0 < settings.max_open_images < images:
        raise UploadTooLarge(
            f"The file has {images:,} images, but an API key may have {settings.max_open_images:,} "
            "in work at once; split the CSV."
        )
    usage.lock(connection, owner)
    most = settings.uploads_per_minute + 1
    _check_uploads(connection, settings, owner, most=most, moment=moment)
    _check_open_images(connection, settings, owner)


def check_reopened_request(connection: Connection, settings: Settings, owner: str) -> None:
    """Refuse a retry whose images just became open again, and with it its transaction.

    Raises:
        TooManyOpenImages: the key has too many images in work already; says when to ask again.
    """
    if _limited(settings, owner):
        usage.lock(connection, owner)
        _check_open_images(connection, settings, owner)


def counts_as_upload(settings: Settings, *, owner: str, made_at: datetime) -> bool:
    """Whether an upload is held against its key: so long its row stays, also when it is deleted.

    Otherwise whoever deletes could upload without end.
    """
    before = counted_since(settings)
    return before is not None and owner != "" and made_at > before


def counted_since(settings: Settings) -> datetime | None:
    """From when on uploads count, by any process's clock; None where they are not limited."""
    if not settings.uploads_per_minute:
        return None
    return now() - UPLOAD_WINDOW - usage.CLOCK_SKEW


def _limited(settings: Settings, owner: str) -> bool:
    """Only keys have limits: without keys nobody knows who is who."""
    return owner != "" and bool(settings.uploads_per_minute or settings.max_open_images)


def _check_uploads(
    connection: Connection, settings: Settings, owner: str, *, most: int, moment: datetime
) -> None:
    """Refuse when there are `most` uploads in the window."""
    if not settings.uploads_per_minute:
        return
    made = usage.uploads_since(connection, owner, moment - UPLOAD_WINDOW, limit=most)
    if len(made) < most:
        return
    # When the oldest of these leaves the window, there is room for one more.
    wait = (made[-1] + UPLOAD_WINDOW - moment).total_seconds()
    raise TooManyUploads(
        f"This API key may upload {settings.uploads_per_minute:,} times a minute.",
        retry_after_seconds=max(math.ceil(wait), 1),
    )


def _check_open_images(
    connection: Connection, settings: Settings, owner: str, *, more: int = 0
) -> None:
    most = settings.max_open_images
    if most and usage.open_images(connection, owner) + more > most:
        raise TooManyOpenImages(
            f"This API key may have {most:,} images in work at once; ask again when some are done.",
            retry_after_seconds=CALL_AGAIN_LATER_SECONDS,
        )
