"""Which images the list on a request's page shows: choices that combine and stay in its links."""

from dataclasses import asdict, dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address of the page asks for; empty is no filter. `q` is a text to look for."""

    status: str = ""
    code: str = ""
    host: str = ""
    q: str = ""

    @property
    def narrow(self) -> bool:
        """Whether more is asked for than a state, so that no counter has the number of images."""
        return bool(self.code or self.host or self.q)

    def query(self, **changes: str | None) -> str:
        """The part of an address that says all this, with changes; `cursor` may be one of them."""
        said = {name: value for name, value in (asdict(self) | changes).items() if value}
        return f"?{urlencode(said)}" if said else ""

    def query_of_failed(self) -> str:
        """The same for a list of failed rows, which knows neither text nor other states."""
        return Filters(status="failed", code=self.code, host=self.host).query()


def filters_of(status: str = "", code: str = "", host: str = "", q: str = "") -> Filters:
    """The filters in the address of a call."""
    return Filters(status=status, code=code, host=host.strip(), q=q.strip())


FiltersDep = Annotated[Filters, Depends(filters_of)]
