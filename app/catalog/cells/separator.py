"""What is between two addresses of one image cell."""

from enum import StrEnum


class Separator(StrEnum):
    """What is between two addresses of one image cell.

    Whatever it is, a new `http://` or `https://` behind white space, a comma, a semicolon or a pipe
    begins an address. The separator tells where relative paths end, and how an address has to be
    written so that the importer does not take it for two.
    """

    # Nothing but the next address ends one, as nothing but addresses is in the cell. Where paths
    # have a beginning, the cell may have them as well, and is read as one of ANY.
    SCHEME = "scheme"
    ANY = "any"
    ONE = "one"
    COMMA = "comma"
    ESCAPED_COMMA = "escaped_comma"
    SEMICOLON = "semicolon"
    PIPE = "pipe"
    # A variation's value and an equals sign may precede an address: `Blue=https://...`.
    LABELLED_PIPE = "labelled_pipe"
    SPACE = "space"
