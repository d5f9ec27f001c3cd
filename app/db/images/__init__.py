"""Images as results: pages, places of the CSV, reuse; imports `models` and `dialect`.

The same table as a queue is the room `queue`.
"""

from app.db.images.file_places import LINK, RESULT, Part, at_place, places
from app.db.images.read import delete_rows, page

__all__ = ["LINK", "RESULT", "Part", "at_place", "delete_rows", "page", "places"]
