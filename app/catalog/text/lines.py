"""Where lines end: at CR LF, LF and CR, and nowhere else."""

import io
import re

_END = re.compile(r"\r\n|[\r\n]")


def split_lines(text: str, *, clean: bool) -> list[str]:
    """Split a text into its lines; each keeps its end.

    Args:
        clean: no control character is in the text.
    """
    # str.splitlines is faster, but it also splits at other control characters and, beyond ASCII,
    # at line separators that are ordinary characters in a cell.
    if clean and text.isascii():
        return text.splitlines(keepends=True)
    return list(io.StringIO(text, newline=""))


def end_of_last_line(text: str, end: int | None = None) -> int:
    """Where the last line ends that is there as a whole, before `end`; 0 if there is none."""
    end = len(text) if end is None else end
    # A CR at the very end may be the first half of a CR LF.
    return max(text.rfind("\n", 0, end), text.rfind("\r", 0, max(end - 1, 0))) + 1


def end_of_first_line(text: str) -> int:
    """Where the first line ends, with its end."""
    match = _END.search(text)
    return match.end() if match else len(text)


def count_lines(text: str, end: int | None = None) -> int:
    """How many lines end before `end`."""
    return text.count("\n", 0, end) + text.count("\r", 0, end) - text.count("\r\n", 0, end)
