"""Write outcomes, the counters that follow from them, and the request's end: one transaction."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection

from app.db import queue, requests, reuse
from app.db.outcomes import Outcome, write_outcomes
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
    outcomes = _without_lost_pictures(connection, request_id, outcomes)
    if not outcomes:
        return []
    written = write_outcomes(connection, request_id, outcomes)
    ours = [outcome for outcome in outcomes if (outcome.seq, outcome.fence) in written]
    completed = [one for one in ours if one.status == ImageStatus.COMPLETED]
    failed = [one for one in ours if one.status == ImageStatus.FAILED]
    if not completed and not failed:
        return []
    counts = Counts(
        completed=len(completed),
        failed=len(failed),
        kept=sum(1 for one in completed if one.kept),
        reused=sum(1 for one in completed if one.reused_from),
        input_bytes=sum(one.input_bytes or 0 for one in completed),
        output_bytes=sum(one.output_bytes or 0 for one in completed),
        errors=Counter(one.error_code or "internal" for one in failed),
    )
    row = requests.add_counts(connection, request_id, counts, now=now())
    return finish_if_done(adapters, connection, request_id, row)


def _without_lost_pictures(
    connection: Connection, request_id: str, outcomes: Sequence[Outcome]
) -> Sequence[Outcome]:
    """The outcomes that may be written; the request that a picture is taken from is held.

    Where that request was deleted meanwhile, its files are about to go: the image is given back, to
    be done again as if there had been nothing before.
    """
    sources = {one.taken_from for one in outcomes if one.taken_from is not None}
    if not sources:
        return outcomes
    there = reuse.hold(connection, sources)
    gone = sources - there
    lost = [one for one in outcomes if one.taken_from in gone]
    queue.give_back(connection, request_id, lost)
    return [one for one in outcomes if one.taken_from not in gone]
