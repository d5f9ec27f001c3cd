"""Which files may go with a request: those that no other request, not deleted, has taken over.

Everything here may be interrupted and repeated, and comes after the commit that hid the request
(`db/images/reuse.py` tells why that keeps every link alive). A file goes at the latest with the
last request that names it; what a crash leaves over, the look for orphans finds.
"""

from itertools import islice

from app.adapters import Adapters
from app.db.images import lending, reuse
from app.domain.naming import prefixes_of

FILES_AT_ONCE = 1_000


def remove_own_files(adapters: Adapters, request_id: str) -> int:
    """Delete the files of a request that is hidden or gone, but those that others have taken over.

    Returns how many went.
    """
    with adapters.database.read() as connection:
        lends = lending.lends(connection, request_id)
    remove = _remove_what_is_not_lent if lends else _remove_all
    return sum(remove(adapters, request_id, prefix) for prefix in prefixes_of(request_id))


def remove_files_taken_over(adapters: Adapters, request_id: str) -> None:
    """Delete the files that a hidden request has taken over and that nobody needs any more.

    The request's rows tell which they are, so they have to be there still.
    """
    after: int | None = 0
    while after is not None:
        with adapters.database.read() as connection:
            some, after = lending.taken_over(
                connection, request_id, after=after, limit=FILES_AT_ONCE
            )
            makers = {made_by for made_by, _ in some}
            gone = makers - reuse.not_deleted(connection, makers)
            rest = {(made_by, key) for made_by, key in some if made_by in gone}
            needed = lending.named(connection, rest)
        adapters.store.delete({key for _, key in rest} - needed)


def _remove_all(adapters: Adapters, request_id: str, prefix: str) -> int:
    del request_id
    return adapters.store.delete_prefix(prefix)


def _remove_what_is_not_lent(adapters: Adapters, request_id: str, prefix: str) -> int:
    gone = 0
    keys = adapters.store.keys(prefix)
    while some := set(islice(keys, FILES_AT_ONCE)):
        with adapters.database.read() as connection:
            needed = lending.named(connection, {(request_id, key) for key in some})
        adapters.store.delete(some - needed)
        gone += len(some - needed)
    return gone
