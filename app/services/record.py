"""Write outcomes, the counters that follow from them, and the request's end: one transaction."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection

from app.db import queue, requests
from app.db.queue import Outcome
from app.db.requests import Counts
from app.domain.statuses import ImageStatus
from app.services.adapters import Adapters, now
from app.services.finish import finish_if_done


def record_outcomes(
    adapters: Adapters, connection: Connection, request_id: str, outcomes: Sequence[Outcome]
) -> list[str]:
    """Record what is still ours and count just that; returns deliveries to announce.

    An outcome whose claim is void (late worker, cancelled request) changes neither row nor counter.
    """
    written = queue.record(connection, request_id, outcomes)
    ours = [outcome for outcome in outcomes if (outcome.seq, outcome.fence) in written]
    completed = [one for one in ours if one.status == ImageStatus.COMPLETED]
    failed = [one for one in ours if one.status == ImageStatus.FAILED]
    if not completed and not failed:
        return []
    counts = Counts(
        completed=len(completed),
        failed=len(failed),
        kept=sum(1 for one in completed if one.kept),
        input_bytes=sum(one.input_bytes or 0 for one in completed),
        output_bytes=sum(one.output_bytes or 0 for one in completed),
        errors=Counter(one.error_code or "internal" for one in failed),
    )
    requests.add_counts(connection, request_id, counts, now=now())
    return finish_if_done(adapters, connection, request_id)
