"""Signs of a cell that are written in other signs: each is put in its place, at the same length.

So a cell can be read as what it means, and each place in it is still the place in what was written.
"""

import re

# Fills up what is shorter than it was written; no cell has it.
_FILLER = "\ue000"
# A comma that separates nothing.
_COMMA = "\ue001"

# Pages and feeds escape "&", some of them twice; JSON writes it as a number.
_AMPERSAND = re.compile(
    r"&(?:(?:amp|#0{0,5}38|#x0{0,5}26);)+|\\u0026(?:(?:amp|#0{0,5}38|#x0{0,5}26);)*", re.IGNORECASE
)
_ESCAPED = re.compile(
    r"(?:\\/)+|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}"
    r"|\\[\"'\\]"
)
_LONE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def may_have_ampersands(text: str) -> bool:
    """Whether a text may have an escaped "&"; quick where it has none at all."""
    # Looking for one character first is far quicker than looking for several.
    if "&" in text and ";" in text and ("&#" in text or "&a" in text or "&A" in text):
        return True
    return "\\" in text and "\\u0026" in text


def with_ampersands(text: str) -> str:
    """A text with each escaped "&" as it is meant."""
    return _AMPERSAND.sub(lambda match: _filled("&", match), text)


def with_unescaped(text: str) -> str:
    """A text of strings in JSON or Python with each escaped sign as it is meant."""
    return _ESCAPED.sub(_unescaped, text)


def with_commas_kept(text: str) -> str:
    r"""A text in which `\,` is a comma that separates nothing."""
    return text.replace("\\,", _COMMA + _FILLER)


def revealed(text: str) -> str:
    """A part of such a text as it is meant, without what kept its length."""
    return text.replace(_FILLER, "").replace(_COMMA, ",")


def _filled(meant: str, written: re.Match[str]) -> str:
    return meant + _FILLER * (len(written.group()) - len(meant))


def _unescaped(written: re.Match[str]) -> str:
    text = written.group()
    if text.startswith("\\/"):
        return _filled("/" * (len(text) // 2), written)
    if len(text) == 12:
        pair = bytes.fromhex(text[2:6] + text[8:])
        return _filled(pair.decode("utf-16-be"), written)
    if len(text) == 6:
        # Half a character is none.
        if _LONE_SURROGATE.match(text):
            return text
        return _filled(bytes.fromhex(text[2:]).decode("utf-16-be"), written)
    return _filled(text[1], written)
