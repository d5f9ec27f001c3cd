"""How far a text looks as if it were written by people: the letters that each language has.

A text in the wrong encoding also has letters, but not those that are frequent in any language, not
between letters of words, and capitals in the midst of small letters.
"""

from collections.abc import Callable
from functools import cache

# Says which share of a text's characters beyond ASCII is as expected, from 0 to 1.
Judge = Callable[[str], float]

_SIGNS = frozenset("“”‘’„‚‹›«»–—…•·™®©°²³½¼¾×±µ§¢£¥€¡¿´№\xa0")
# Between two letters of a word, these are also right.
_IN_WORDS = frozenset("’‘·\xad")
_LONGEST_LATIN_RUN = 3
# Rare characters are half as likely as frequent ones.
_RARE = 0.5


def letters(alphabet: str, *, is_latin: bool = False) -> Judge:
    """For languages that write words with letters.

    Args:
        alphabet: the small letters beyond ASCII; their capitals also count.
        is_latin: most letters are ASCII, so that the others are alone among them.
    """
    known = frozenset(alphabet + alphabet.upper())

    def judge(text: str) -> float:
        padded = f" {text} "
        seen = expected = run = 0
        for index, character in enumerate(padded):
            if character.isascii():
                run = 0
                continue
            seen += 1
            run += 1
            before, behind = padded[index - 1], padded[index + 1]
            if character in known:
                is_fine = not _is_odd_capital(before, character, behind)
                if is_latin:
                    is_fine = is_fine and _stands_in_a_latin_word(padded, index, run)
                elif is_fine:
                    is_fine = not (_is_ascii_letter(before) or _is_ascii_letter(behind))
            else:
                between = before.isalpha() and behind.isalpha()
                is_fine = character in _SIGNS and (not between or character in _IN_WORDS)
            expected += is_fine
        return expected / seen if seen else 0.0

    return judge


def characters(frequent: Callable[[], frozenset[str]], rare: str = "") -> Judge:
    """For languages that write words with thousands of characters.

    Args:
        frequent: those that are taught first.
        rare: a standard of Python's codecs that has the others; none: there are none.
    """

    def judge(text: str) -> float:
        known = frequent()
        seen = 0
        expected = 0.0
        for character in text:
            if character.isascii():
                continue
            seen += 1
            if character in known:
                expected += 1
            elif rare and "\u4e00" <= character <= "\u9fff" and _has(rare, character):
                expected += _RARE
        return expected / seen if seen else 0.0

    return judge


@cache
def japanese() -> frozenset[str]:
    """Kana, the kanji of level 1 of JIS X 0208, and the units and numbers in circles of Windows.

    Kana of half width are seldom meant: nearly every byte of other encodings would be one.
    """
    kana = map(chr, range(0x3041, 0x30FF))
    signs = map(chr, (*range(0x2460, 0x2474), *range(0x3300, 0x33FF), 0x3231, 0x3232))
    kanji = _rows("euc_jp", 0xB0, 0xCF) | _rows("euc_jp", 0xA1, 0xA3)
    return frozenset(kana) | frozenset(signs) | kanji


@cache
def simplified_chinese() -> frozenset[str]:
    """Level 1 of GB 2312, and its signs."""
    return _rows("gb2312", 0xB0, 0xD7) | _rows("gb2312", 0xA1, 0xA1) | _rows("gb2312", 0xA3, 0xA3)


@cache
def traditional_chinese() -> frozenset[str]:
    """Level 1 of Big5, and its signs."""
    return _rows("big5", 0xA4, 0xC6) | _rows("big5", 0xA1, 0xA2)


@cache
def korean() -> frozenset[str]:
    """The syllables of KS X 1001, and its signs."""
    return _rows("euc_kr", 0xB0, 0xC8) | _rows("euc_kr", 0xA1, 0xA1) | _rows("euc_kr", 0xA3, 0xA3)


def _rows(codec: str, first: int, last: int) -> frozenset[str]:
    pairs = (bytes((lead, trail)) for lead in range(first, last + 1) for trail in range(0x40, 0xFF))
    return frozenset(text for each in pairs if len(text := each.decode(codec, "ignore")) == 1)


def _has(codec: str, character: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _is_odd_capital(before: str, character: str, behind: str) -> bool:
    """Whether a word that is not written in capitals has one."""
    if character.islower():
        return behind.isupper()
    if not character.isupper() or not before.isalpha():
        return False
    return before.islower() or behind.islower()


def _is_ascii_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _stands_in_a_latin_word(text: str, index: int, run: int) -> bool:
    behind = 0
    while not text[index + 1 + behind].isascii():
        behind += 1
    length = run + behind
    if length == 1:
        return True
    around = (text[index - run], text[index + 1 + behind])
    return length <= _LONGEST_LATIN_RUN and any(map(str.isalpha, around))
