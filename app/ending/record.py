"""Write outcomes, the counters that follow from them, and the request's end: one transaction."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection

from app.adapters import Adapters, now
from app.db import queue, requests
from app.db.hosts import request_hosts
from app.db.hosts.request_hosts import HostCounts
from app.db.images import reuse
from app.db.queue import Outcome, write_outcomes
from app.db.requests import Counts
from app.domain.statuses import ImageStatus
from app.ending.finish import finish_if_done


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
    results = [one.result for one in completed if one.result is not None]
    counts = Counts(
        completed=len(completed),
        failed=len(failed),
        kept=sum(1 for result in results if result.kept),
        reused=sum(1 for one in completed if one.reused_from),
        input_bytes=sum(result.input_bytes for result in results),
        output_bytes=sum(result.output_bytes for result in results),
        errors=Counter(one.error_code or "internal" for one in failed),
    )
    moment = now()
    row = requests.add_counts(connection, request_id, counts, now=moment)
    requests.note_speed(connection, request_id, row, now=moment)
    request_hosts.add_counts(connection, request_id, _by_host(completed, failed))
    return finish_if_done(adapters, connection, request_id, row)


def _by_host(completed: Sequence[Outcome], failed: Sequence[Outcome]) -> dict[str, HostCounts]:
    done = Counter(one.host for one in completed)
    not_done = Counter(one.host for one in failed)
    bytes_in: Counter[str] = Counter()
    bytes_out: Counter[str] = Counter()
    for one in completed:
        if one.result is not None:
            bytes_in[one.host] += one.result.input_bytes
            bytes_out[one.host] += one.result.output_bytes
    return {
        host: HostCounts(
            images_completed=done[host],
            images_failed=not_done[host],
            input_bytes=bytes_in[host],
            output_bytes=bytes_out[host],
        )
        # Sorted, as everybody who writes several of these rows does.
        for host in sorted(done.keys() | not_done.keys())
    }


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
