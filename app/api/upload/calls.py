"""What is done with a checked upload, whichever door it came through."""

from app.adapters import Adapters
from app.api.contract.uploads import Accepted, Preview
from app.api.upload.form import Upload
from app.intake.bad_rows import bad_rows_csv
from app.intake.preview import preview
from app.intake.submit import submit
from app.results.outputs import Download


def accepted(upload: Upload, adapters: Adapters, owner: str) -> Accepted:
    """Keep the file; the answer that promises it."""
    document = submit(
        adapters,
        content=upload.content,
        filename=upload.filename,
        options=upload.options,
        webhook_url=upload.webhook_url,
        owner=owner,
        idempotency_key=upload.idempotency_key,
        reading=upload.reading,
    )
    return Accepted.model_validate(document)


def previewed(upload: Upload, adapters: Adapters) -> Preview:
    """What was found in the file, without keeping it."""
    document = preview(
        adapters.settings,
        content=upload.content,
        filename=upload.filename,
        options=upload.options,
        reading=upload.reading,
    )
    return Preview.model_validate(document)


def bad_rows(upload: Upload, adapters: Adapters) -> Download:
    """Every row with an error; raises CsvInvalid where it is not a question of single rows."""
    return bad_rows_csv(
        adapters.settings,
        content=upload.content,
        filename=upload.filename,
        reading=upload.reading,
    )
