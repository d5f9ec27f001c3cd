"""The page's form: the API's, with one choice for each column in the place of JSON.

Each choice is a field `take` with a role and a header's name. They count once somebody has chosen
(`mapped`): until then they only show how the file was read, and an export stays what it was
recognised as.
"""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from app.api.auth import OwnerDep
from app.api.dependencies import SettingsDep
from app.api.upload.form import Upload, read_upload
from app.domain.errors import OptionInvalid
from app.web.words import ROLES

TAKE_FIELD = "take"
MAPPED_FIELD = "mapped"
# A button's: one more column of images beside those that are read.
ADD_FIELD = "add"
# A button's: the encoding in which the names look right; columns are recognised again.
READ_AS_FIELD = "read_as"
ENCODING_FIELD = "encoding"
IMAGES_ROLE = "images"
# A column more is a field more; `preview.COLUMNS_SHOWN` and the options fit in.
_MAX_FIELDS = 1_000

FormPart = tuple[str, UploadFile | str]


class _PageRequest(Request):
    """A call whose form reads as if it had been written for the API."""

    async def form(self, **limits: Any) -> FormData:  # type: ignore[override]
        given = await super().form(**limits | {"max_fields": _MAX_FIELDS})
        # A new object with the same files, which the old one also closes.
        return FormData(_for_the_api(given.multi_items()))


async def read_page_upload(
    request: Request, settings: SettingsDep, owner: OwnerDep
) -> AsyncIterator[Upload]:
    """The upload that a form of the page holds.

    Raises:
        OptionInvalid: columns were chosen in a way that cannot be; and see `read_upload`.
    """
    as_api = _PageRequest(request.scope, request.receive)
    async with asynccontextmanager(read_upload)(as_api, settings, owner) as upload:
        yield upload


PageUploadDep = Annotated[Upload, Depends(read_page_upload)]


def _for_the_api(parts: Iterable[FormPart]) -> list[FormPart]:
    kept: list[FormPart] = []
    taken: list[str] = []
    added: list[str] = []
    read_as: FormPart | None = None
    is_mapped = False
    for name, value in parts:
        if name == TAKE_FIELD and isinstance(value, str):
            taken.append(value)
        elif name == MAPPED_FIELD:
            # The button that was pressed comes behind the field that remembers the one before.
            is_mapped = value == "yes"
        elif name == ADD_FIELD and isinstance(value, str):
            added.append(f"{IMAGES_ROLE} {value}")
        elif name == READ_AS_FIELD:
            read_as = (ENCODING_FIELD, value)
        else:
            kept.append((name, value))
    if read_as is not None:
        kept = [*(part for part in kept if part[0] != ENCODING_FIELD), read_as]
    elif is_mapped or added:
        kept.append(("columns", _columns_json([*taken, *added])))
    return kept


def _columns_json(taken: Iterable[str]) -> str:
    names: dict[str, list[str]] = {role: [] for role in ROLES}
    for each in taken:
        role, _, name = each.partition(" ")
        if role in names:
            names[role].append(name)
    if not names[IMAGES_ROLE]:
        raise OptionInvalid(
            "Choose at least one column that holds image addresses.", option="columns"
        )
    for role, word in ROLES.items():
        if role != IMAGES_ROLE and len(names[role]) > 1:
            both = " and ".join(f"“{name}”" for name in names[role][:2])
            raise OptionInvalid(
                f"{both} are both chosen as {word.lower()}; choose one of them.", option="columns"
            )
    single = {role: found[0] for role, found in names.items() if found and role != IMAGES_ROLE}
    return json.dumps(single | {IMAGES_ROLE: list(dict.fromkeys(names[IMAGES_ROLE]))})
