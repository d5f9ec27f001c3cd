"""Which files may go with a request: those that no other request, not deleted, has taken over.

Everything here may be interrupted and repeated, and comes after the commit that hid the request
(`db/images/reuse.py` tells why that keeps every link alive). A file goes at the latest with the
last request that names it; what a crash leaves over, the look for orphans finds.
"""

from itertools import islice

from sqlalchemy.orm import InstrumentedAttribute

from app.adapters import Adapters
from app.db.images import reuse
from app.db.models import Image
from app.domain.naming import ORIGINALS_PREFIX, prefixes_of

FILES_AT_ONCE = 1_000


def remove_own_files(adapters: Adapters, request_id: str) -> int:
    """Delete the files of a request that is hidden or gone, but those that others have taken over.

    Returns how many went.
    """
    with adapters.database.read() as connection:
        lends = reuse.lends(connection, request_id)
    remove = _remove_what_is_not_lent if lends else _remove_all
    return sum(remove(adapters, request_id, prefix) for prefix in prefixes_of(request_id))


def remove_files_taken_over(adapters: Adapters, request_id: str) -> None:
    """Delete the files that a hidden request has taken over and that nobody needs any more.

    The request's rows tell which they are, so they have to be there still.
    """
    after = 0
    while True:
        with adapters.database.read() as connection:
            rows = reuse.files(connection, request_id, after=after, limit=FILES_AT_ONCE)
            makers = {row.reused_from for row in rows if row.reused_from}
            gone = makers - reuse.not_deleted(connection, makers)
            rest = [row for row in rows if row.reused_from in gone]
            pictures = {(row.reused_from, row.storage_key) for row in rest}
            originals = {(row.reused_from, row.original_key) for row in rest if row.original_key}
            needed = reuse.named(connection, Image.storage_key, pictures)
            needed |= reuse.named(connection, Image.original_key, originals)
        adapters.store.delete({key for _, key in pictures | originals} - needed)
        if len(rows) < FILES_AT_ONCE:
            return
        after = rows[-1].seq


def _remove_all(adapters: Adapters, request_id: str, prefix: str) -> int:
    del request_id
    return adapters.store.delete_prefix(prefix)


def _remove_what_is_not_lent(adapters: Adapters, request_id: str, prefix: str) -> int:
    gone = 0
    keys = adapters.store.keys(prefix)
    while some := set(islice(keys, FILES_AT_ONCE)):
        with adapters.database.read() as connection:
            needed = reuse.named(
                connection, _column_of(prefix), {(request_id, key) for key in some}
            )
        adapters.store.delete(some - needed)
        gone += len(some - needed)
    return gone


def _column_of(prefix: str) -> InstrumentedAttribute[str | None]:
    return Image.original_key if prefix.startswith(ORIGINALS_PREFIX) else Image.storage_key
