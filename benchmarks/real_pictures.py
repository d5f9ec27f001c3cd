"""Real pictures through the codec, beside what Pillow and ImageCms make of them."""

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import print_table, progress
from tests.unit.imaging.reference import Verdict, judge, pictures

WORDS = ("same", "only we", "both refuse", "refused", "different")


def compare_pictures(folders: Sequence[Path]) -> int:
    """Print what became of each picture that is not the same, and a table of all.

    Returns:
        How many came out different, as the exit code (at most 1).
    """
    # Pillow warns of each oddity that it meets.
    warnings.simplefilter("ignore")
    counts: Counter[tuple[str, str]] = Counter()
    for folder in folders:
        for path in pictures(folder):
            verdict = _judged(path)
            counts[path.suffix.lower(), verdict.word] += 1
            if verdict.word != "same":
                progress(f"{verdict.word}: {path}: {verdict.detail}")
    endings = sorted({ending for ending, _ in counts})
    rows = [[ending, *(str(counts[ending, word]) for word in WORDS)] for ending in endings]
    total = [str(sum(counts[ending, word] for ending in endings)) for word in WORDS]
    print_table(["ending", *WORDS], [*rows, ["all", *total]])
    return min(1, int(total[-1]))


def _judged(path: Path) -> Verdict:
    try:
        return judge(path.read_bytes())
    except Exception as error:
        return Verdict("different", "-", f"a bug: {type(error).__name__}: {error}")
