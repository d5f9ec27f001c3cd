"""Numbers that a sheet shows with zeros in front of them: `00000`, `000-00`, `"A-"0000`.

Article numbers, EANs and postal codes are often numbers with such a format. Without it they lose
the zeros that are a part of them. Formats that do not fill up with zeros (money, percent, dates)
change nothing that a number says, so that their numbers stay plain.
Source: ECMA-376 Part 1, 18.8.31, "numFmts".
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

_MAX_CHARS = 255
_LEAST_ZEROS = 2
_DIGITS = "0#?"
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?P<space>.)|(?P<filler>\*.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<digit>[0#?])|(?P<point>\.)|(?P<literal>[^A-Za-z@,%/\"\\])",
    re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)")
_CURRENCY = re.compile(r"\$([^-]*)(?:-.*)?")
_COLOUR = re.compile(r"black|blue|cyan|green|magenta|red|white|yellow|color ?\d+", re.IGNORECASE)
_COMPARED: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}


@dataclass(frozen=True, slots=True)
class _Part:
    """A place for a digit (one of `0#?`), or a text between them."""

    text: str
    is_digit: bool


@dataclass(slots=True)
class _Section:
    """The part between two semicolons of a format.

    Attributes:
        whole, decimals: the parts before and behind the point; `decimals` None: there is no point.
        applies: whether a number has this section; None: the others' sections decide.
        is_known: it has nothing else in it.
    """

    whole: list[_Part] = field(default_factory=list)
    decimals: list[_Part] | None = None
    applies: Callable[[Decimal], bool] | None = None
    is_known: bool = True

    @property
    def zeros(self) -> int:
        return sum(part.text == "0" and part.is_digit for part in self.whole)

    def add(self, text: str, *, is_digit: bool = False) -> None:
        (self.whole if self.decimals is None else self.decimals).append(_Part(text, is_digit))

    def text(self, number: Decimal) -> str:
        places = [part for part in self.decimals or () if part.is_digit]
        rounded = abs(number).quantize(Decimal(1).scaleb(-len(places)), ROUND_HALF_UP)
        whole, _, decimals = f"{rounded:f}".partition(".")
        return (self._whole_text(whole.lstrip("0")) + self._decimals_text(decimals)).strip()

    def _whole_text(self, digits: str) -> str:
        first = next(index for index, part in enumerate(self.whole) if part.is_digit)
        written: list[str] = []
        for index in range(len(self.whole) - 1, -1, -1):
            part = self.whole[index]
            if not part.is_digit:
                written.append(part.text)
            elif index == first:
                written.append(digits or _padding(part.text))
            else:
                written.append(digits[-1:] or _padding(part.text))
                digits = digits[:-1]
        return "".join(reversed(written))

    def _decimals_text(self, digits: str) -> str:
        if self.decimals is None:
            return ""
        written = ["."]
        left = len(digits.rstrip("0"))
        for part in self.decimals:
            if part.is_digit:
                digit, digits = digits[0], digits[1:]
                written.append(digit if left > 0 else _padding(part.text))
                left -= 1
            else:
                written.append(part.text)
        return "".join(written)


@dataclass(frozen=True, slots=True)
class ZeroFormat:
    """A number format that fills numbers up with zeros."""

    sections: tuple[_Section, ...]

    def text(self, number: float) -> str | None:
        """The number as the sheet shows it; None where it is shown in a way that is not known."""
        value = Decimal(f"{number:.15g}")
        if not value.is_finite() or abs(value) >= Decimal(10) ** 15:
            return None
        section, needs_sign = self._section(value)
        if section is None or not section.is_known or not section.zeros:
            return None
        return f"-{section.text(value)}" if needs_sign and value < 0 else section.text(value)

    def _section(self, value: Decimal) -> tuple[_Section | None, bool]:
        sections = self.sections
        if any(section.applies for section in sections):
            fitting = (each for each in sections if each.applies is None or each.applies(value))
            return next(fitting, None), True
        if value < 0 and len(sections) > 1:
            return sections[1], False
        if value == 0 and len(sections) > 2:
            return sections[2], False
        return sections[0], True


def zero_format(code: str) -> ZeroFormat | None:
    """The format with this code, if it fills numbers up with zeros."""
    if len(code) > _MAX_CHARS:
        return None
    sections = tuple(_section(each) for each in _split(code)[:4])
    first = sections[0]
    if not first.is_known or first.zeros < _LEAST_ZEROS:
        return None
    return ZeroFormat(sections)


def _split(code: str) -> list[str]:
    parts = re.findall(r'(?:"[^"]*"|\\.|[^";\\])*', code, re.DOTALL)
    # The pattern also finds an empty text behind each section.
    return [part for index, part in enumerate(parts) if part or index == 0]


def _section(code: str) -> _Section:
    section = _Section()
    at = 0
    while at < len(code):
        match = _TOKEN.match(code, at)
        if match is None:
            section.is_known = False
            break
        at = match.end()
        _take(section, match)
    if not any(part.is_digit for part in section.whole):
        section.is_known = False
    return section


def _take(section: _Section, match: re.Match[str]) -> None:
    kind, text = match.lastgroup, match.group(match.lastgroup or 0)
    if kind == "digit":
        section.add(text, is_digit=True)
    elif kind in ("quoted", "escaped", "literal"):
        section.add(text)
    elif kind == "space":
        section.add(" ")
    elif kind == "point":
        # A second one is a sign of its own, as in the numbers of some countries.
        if section.decimals is None:
            section.decimals = []
        else:
            section.is_known = False
    elif kind == "bracket":
        _take_bracket(section, text)


def _take_bracket(section: _Section, text: str) -> None:
    condition, currency = _CONDITION.fullmatch(text), _CURRENCY.fullmatch(text)
    if condition is not None:
        compare, bound = _COMPARED[condition.group(1)], Decimal(condition.group(2))
        section.applies = lambda value: compare(value, bound)
    elif currency is not None:
        section.add(currency.group(1))
    elif not _COLOUR.fullmatch(text):
        section.is_known = False


def _padding(digit: str) -> str:
    return {"0": "0", "#": "", "?": " "}[digit]
