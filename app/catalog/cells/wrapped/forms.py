"""The forms in which an image cell may have its addresses, other than as a plain list of them."""

from enum import StrEnum


class Form(StrEnum):
    """How addresses are written in a cell from which they have to be read out."""

    # In brackets or quotes, as JSON and Python write lists: ["https://…", "https://…"]
    LIST = "list"
    # Behind a name and in parentheses, as Airtable writes attachments: front.jpg (https://…)
    NAMED = "named"
    MARKDOWN = "markdown"
    HTML = "html"
    FORMULA = "formula"
    # Without its scheme: //host/a.jpg
    HOST_FIRST = "host_first"
    # As long as a cell of a spreadsheet can be.
    FULL = "full"


# Excel, LibreOffice and Google Sheets cut what is longer.
FULL_CELL_CHARS = 32_767
