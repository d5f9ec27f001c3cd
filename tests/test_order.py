"""The order of the suite: everything once, files together, and nobody's waiting tests last."""

from itertools import pairwise

from tests.order import dealt

FILES = [
    *["kills/test_a.py"] * 4,
    *["kills/test_b.py"] * 6,
    *["unit/test_c.py"] * 30,
    *["unit/test_d.py"] * 20,
    *["unit/test_e.py"] * 25,
    *["unit/test_f.py"] * 15,
]
TESTS = [f"{file}::{number}" for number, file in enumerate(FILES)]


def test_every_test_comes_once_and_those_of_a_file_stay_together() -> None:
    ordered = dealt(TESTS, FILES, 2)
    assert sorted(ordered) == sorted(TESTS)
    files = [test.split("::")[0] for test in ordered]
    changes = sum(one != other for one, other in pairwise(files))
    assert changes == len(set(FILES)) - 1


def test_each_process_has_waiting_tests_and_ends_with_others() -> None:
    ordered = dealt(TESTS, FILES, 2)
    halves = ordered[:50], ordered[50:]
    for half in halves:
        assert any(test.startswith("kills") for test in half)
        assert not half[-1].startswith("kills")
