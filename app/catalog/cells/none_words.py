"""The words that people and programs write where there is no picture."""

# In small letters. No error in a shop's export, whose rows may have no picture; in a plain list,
# each of whose rows needs one, they are refused by what they mean.
NONE_WORDS = frozenset(
    {
        *("-", "--", "---", "\u2013", "\u2014", ".", "0", "n/a", "n.a.", "na", "#n/a", "#ref!"),
        *("none", "nil", "null", "(null)", "<null>", "\\n", "nan", "undefined", "false", "(empty)"),
        *("no_selection", "no image", "noimage", "no_image", "no-image", "no images", "no photo"),
        *("no picture", "no pictures", "not available", "missing", "empty", "tbd"),
        *("kein bild", "keine bilder", "keins", "ohne", "aucune", "aucune image", "sin imagen"),
        *("nessuna", "nessuna immagine", "geen", "brak", "ingen", "saknas", "yok"),
        *("нет", "无", "なし"),
    }
)


def means_none(text: str) -> bool:
    """Whether a text without white space around it says that there is no picture."""
    return text.casefold() in NONE_WORDS
