"""An unknown file -> the columns that its owner may have meant."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from app.catalog.header.column import ColumnSample, look_at
from app.catalog.header.siblings import words_of
from app.catalog.layouts.columns import GENERIC, plain_name
from app.catalog.layouts.mapping import ColumnMapping

_MAX_PROPOSED = 50
# What is longer is no name.
_MAX_NAME_CHARS = 100
_NAME_PARTS = (
    *("name", "title", "titel", "titre", "titulo", "nombre", "nome", "naam", "nom", "label"),
    *("bezeichnung", "namn", "navn", "nimi", "nazwa", "nazev", "isim", "имя", "назван", "наимен"),
    *("名前", "商品名", "品名", "名称", "제품명", "상품명"),
    *("product", "article", "artikel", "produkt", "товар", "item"),
)
_NUMBER_PARTS = (
    *("sku", "serial", "number", "nummer", "artikelnr", "numer", "code", "handle", "reference"),
    *("артикул", "品番", "商品番号"),
)
_NUMBER_WORDS = frozenset({"nr", "no", "id", "ean", "gtin", "upc", "asin", "mpn", "num", "код"})


@dataclass(frozen=True, slots=True)
class Proposal:
    """The columns to send.

    `has_paths`: `base_url` is needed with them. `bad` is a cell of theirs that is neither an
    address nor a word for none, "" where the first rows have none such. `has_wide`: rows have more
    cells than the header, so that they are not certain.
    """

    mapping: ColumnMapping
    has_paths: bool = False
    bad: str = ""
    has_wide: bool = False


def propose(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Proposal | None:
    """The columns whose cells are addresses or paths of pictures, and likely ones beside.

    None where there is no such column. Sent as it is, a proposal reads the first rows (but for
    `bad` and wide ones), and fetches no pages: a column that seems to lead to some is not proposed.
    """
    names = [cell.strip() for cell in header]
    columns = [
        column
        for index, name in enumerate(names)
        if 0 < len(name) <= _MAX_NAME_CHARS and plain_name(name)
        for column in [look_at(name, (row[index] for row in rows if index < len(row)))]
        if column.is_readable
    ]
    # A name that other columns also have would read those as well.
    standing = Counter(map(plain_name, names))
    found = Counter(plain_name(each.name) for each in columns)
    columns = [
        each for each in columns if standing[plain_name(each.name)] == found[plain_name(each.name)]
    ]
    chosen = _best([each for each in columns if not each.bad]) or _best(columns)
    if not chosen:
        return None
    taken = {each.name for each in columns}
    others = [name for name in names if name not in taken and 0 < len(name) <= _MAX_NAME_CHARS]
    product_name = _likely(others, *GENERIC.product_name) or _product_name(others)
    others = [name for name in others if name != product_name]
    return Proposal(
        ColumnMapping(
            tuple(dict.fromkeys(each.name for each in chosen)),
            product_name,
            _likely(others, *GENERIC.serial_number) or _serial_number(others),
        ),
        any(each.has_paths for each in chosen),
        next((each.bad for each in chosen if each.bad), ""),
        any(any(map(str.strip, row[len(header) :])) for row in rows),
    )


def _best(columns: Sequence[ColumnSample]) -> Sequence[ColumnSample]:
    for rank in range(3):
        best = [each for each in columns if each.rank == rank]
        if best:
            return best[:_MAX_PROPOSED]
    return []


def _product_name(names: Sequence[str]) -> str | None:
    # "Artikelnr" also has the word for a product in it.
    return _with_part([name for name in names if not _is_number(name)], _NAME_PARTS)


def _serial_number(names: Sequence[str]) -> str | None:
    return _with_part(names, _NUMBER_PARTS) or next(
        (name for name in names if not _NUMBER_WORDS.isdisjoint(words_of(name))), None
    )


def _is_number(name: str) -> bool:
    return _with_part([name], _NUMBER_PARTS) is not None or not _NUMBER_WORDS.isdisjoint(
        words_of(name)
    )


def _likely(names: Sequence[str], *tiers: frozenset[str]) -> str | None:
    return next((name for tier in tiers for name in names if plain_name(name) in tier), None)


def _with_part(names: Sequence[str], parts: Sequence[str]) -> str | None:
    return next((name for part in parts for name in names if part in plain_name(name)), None)
