"""What a whole file holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.catalog.header.detected import Detected
from app.catalog.tally.addresses import AddressCounter
from app.domain.errors import CellError

MAX_ERRORS_SHOWN = 100


@dataclass(slots=True)
class Findings:
    """What a whole file holds.

    `products`, `places`, `images`, `duplicates` and `hosts` count usable rows only. `images` are
    distinct URLs, `places` all URLs of the file, `duplicates` the difference. `hosts` are the most
    frequent ones with their places; `host_count` how many there are (it stops at 10,000). `errors`
    are the first 100 of `error_count`, in `bad_rows` rows. `address` is a URL of the file.
    `addable` are columns that hold addresses of pictures and are read only if they are named.
    """

    detected: Detected
    warnings: list[str] = field(default_factory=list)
    products: int = 0
    places: int = 0
    images: int = 0
    duplicates: int = 0
    hosts: list[tuple[str, int]] = field(default_factory=list)
    host_count: int = 0
    bad_rows: int = 0
    errors: list[CellError] = field(default_factory=list)
    error_count: int = 0
    address: str = ""
    addable: Sequence[str] = ()

    def add_errors(self, errors: Sequence[CellError]) -> None:
        """Note a row that cannot be used."""
        self.count_errors(1, len(errors))
        self.errors.extend(errors[: MAX_ERRORS_SHOWN - len(self.errors)])

    @property
    def is_full(self) -> bool:
        """Whether further errors are only counted."""
        return len(self.errors) >= MAX_ERRORS_SHOWN

    def count_errors(self, rows: int, errors: int) -> None:
        """Note rows that cannot be used, without their errors."""
        self.bad_rows += rows
        self.error_count += errors

    def take(self, addresses: AddressCounter) -> None:
        """Take over what was counted."""
        self.places = addresses.places
        self.images = addresses.distinct()
        self.duplicates = self.places - self.images
        self.hosts, self.host_count = addresses.hosts()
        self.address = addresses.first
