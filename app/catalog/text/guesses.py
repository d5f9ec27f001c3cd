"""In which encodings bytes read like names that people give to products."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.catalog.text.scripts import (
    Judge,
    characters,
    japanese,
    korean,
    letters,
    simplified_chinese,
    traditional_chinese,
)

GUESSED = "cp1252"
# A reading that is worse than this, or worse than the best one by this, is not offered.
_WORST = 0.5
_WORSE = 0.35
# Readings whose difference is within this are equally good.
_SAME = 0.05

_WESTERN = "áàâäãåæçéèêëíìîïñóòôöõøœúùûüÿß"
_POLISH = "ąćęłńóśźż"
_CZECH = "áčďéěíĺľňóôŕřšťúůýžä"
_HUNGARIAN = "áéíóöőúüű"
_ROMANIAN = "ăâîşţ"
_CROATIAN = "čćđšž"
_CENTRAL = (_POLISH, _CZECH, _HUNGARIAN, _ROMANIAN, _CROATIAN)
_LITHUANIAN = "ąčęėįšųūž"
_LATVIAN = "āčēģīķļņšūž"
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґўђјљњћџѓѕќ"


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding that may be meant.

    Attributes:
        language: what it is used for, as a word that fits behind "may be"; "" where it is
            Windows-1252 and reads well.
        likeness: how far it reads like that, from 0 to 1.
    """

    encoding: str
    language: str
    likeness: float


# Of those that read alike, the first one is meant: Korean syllables are all frequent characters of
# Chinese in its encoding, Chinese ones may be Japanese, Hebrew letters are small Russian ones, and
# Greek ones those of other Cyrillic languages.
_KNOWN: tuple[tuple[str, str, Judge], ...] = (
    (GUESSED, "", letters(_WESTERN, is_latin=True)),
    (GUESSED, "", letters("áðéíóúýþæö", is_latin=True)),
    *(("cp1250", "Central European", letters(each, is_latin=True)) for each in _CENTRAL),
    *(("iso8859-2", "Central European", letters(each, is_latin=True)) for each in _CENTRAL),
    ("cp1257", "Baltic", letters(_LITHUANIAN, is_latin=True)),
    ("cp1257", "Baltic", letters(_LATVIAN, is_latin=True)),
    ("cp1254", "Turkish", letters("çğıöşüâîû", is_latin=True)),
    ("mac_roman", "Western European from a Mac", letters(_WESTERN, is_latin=True)),
    ("cp850", "Western European from DOS", letters(_WESTERN, is_latin=True)),
    *(("cp852", "Central European from DOS", letters(each, is_latin=True)) for each in _CENTRAL),
    *(
        ("mac_latin2", "Central European from a Mac", letters(each, is_latin=True))
        for each in _CENTRAL
    ),
    ("shift_jis", "Japanese", characters(japanese, "euc_jp")),
    ("cp932", "Japanese", characters(japanese, "euc_jp")),
    ("euc_kr", "Korean", characters(korean)),
    ("cp949", "Korean", characters(korean)),
    ("gb18030", "Chinese", characters(simplified_chinese, "gb2312")),
    ("euc_jp", "Japanese", characters(japanese, "euc_jp")),
    ("big5", "Chinese (traditional)", characters(traditional_chinese, "big5")),
    ("cp950", "Chinese (traditional)", characters(traditional_chinese, "big5")),
    ("cp1255", "Hebrew", letters("אבגדהוזחטיךכלםמןנסעףפץצקרשת")),
    ("cp1256", "Arabic", letters("ابةتثجحخدذرزسشصضطظعغفقكلمنهوىيءآأؤإئپچژگ")),
    ("cp1251", "Cyrillic (Russian and others)", letters(_CYRILLIC)),
    ("koi8_r", "Cyrillic (Russian and others)", letters(_CYRILLIC)),
    ("cp866", "Cyrillic (Russian and others)", letters(_CYRILLIC)),
    ("cp1253", "Greek", letters("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋ")),
    ("iso8859-5", "Cyrillic (Russian and others)", letters(_CYRILLIC)),
    ("mac_cyrillic", "Cyrillic (Russian and others)", letters(_CYRILLIC)),
    ("cp874", "Thai", letters("".join(map(chr, (*range(0xE01, 0xE3B), *range(0xE40, 0xE4F)))))),
)


def likely_encodings(samples: Sequence[bytes]) -> list[Guess]:
    """The encodings in which all samples are text, the likeliest first.

    Args:
        samples: lines of the file that have bytes beyond ASCII.
    """
    found: dict[str, Guess] = {}
    for encoding, language, judge in _KNOWN:
        try:
            text = "\n".join(sample.decode(encoding) for sample in samples)
        except UnicodeDecodeError:
            continue
        guess = Guess(encoding, language, judge(text))
        known = found.get(encoding)
        if known is None or guess.likeness > known.likeness:
            found[encoding] = guess
    ranked = sorted(found.values(), key=lambda each: -round(each.likeness / _SAME))
    by_language: dict[str, Guess] = {}
    worst = max(_WORST, ranked[0].likeness - _WORSE) if ranked else _WORST
    for guess in ranked:
        if guess.likeness >= worst:
            by_language.setdefault(guess.language, guess)
    return list(by_language.values())
