"""Variants that one value puts together: products, unless their names say that it is a category."""

import pytest

from app.catalog.layouts.mapping import parse_mapping
from tests.unit.catalog.csv_files import ONE, findings_of, make_csv

HEADER = ["id", "item_group_id", "title", "image_link", "price", "availability"]


def feed(*names: str, group: str = "g") -> bytes:
    rows = [[str(number), group, name, ONE, "1", "y"] for number, name in enumerate(names)]
    return make_csv(rows, header=HEADER)


@pytest.mark.parametrize(
    "names",
    [("Boot", "Lamp", "Pan"), ("Boot", "Lamp 2", "Pan", "Cup 2"), ("長靴", "電球", "やかん")],
)
def test_a_group_whose_names_have_nothing_in_common_may_be_a_category(names: tuple[str]) -> None:
    findings = findings_of(feed(*names))
    assert findings.products == 1
    (warning,) = findings.warnings
    assert warning.startswith('All rows with "g" in "item_group_id" are counted as one product')
    assert f'("{names[0]}", "{names[1]}", "{names[2]}"; the first in line 2)' in warning
    columns = parse_mapping(warning.partition("columns=")[2].partition(" (each")[0])
    assert (columns.images, columns.product_name) == (("image_link",), "title")


@pytest.mark.parametrize(
    "names",
    [
        ("Boot red", "Boot green", "Stiefel"),
        ("Boot", "Stiefel", "Botte", "boot, blue"),
        ("Boot", "Lamp"),
        ("Boot", "Boot", "Boot"),
        ("Boot", "", "", ""),
        ("37", "38", "39"),
        ("赤い靴", "青い靴", "緑"),
    ],
)
def test_variants_are_no_category(names: tuple[str]) -> None:
    assert findings_of(feed(*names)).warnings == []


def test_products_of_their_own_need_no_names_in_common() -> None:
    assert findings_of(feed("Boot", "Lamp", "Pan", group="")).warnings == []


def test_groups_that_are_forgotten_are_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.catalog.tally.categories._GROUPS_REMEMBERED", 2)
    groups = ["a", "a", "a", "b", "c", "d", "a"]
    names = ["Boot", "Lamp", "Pan", "x y", "Cup", "Jug", "Boot"]
    rows = [["1", group, name, ONE, "1", "y"] for group, name in zip(groups, names, strict=True)]
    (warning,) = findings_of(make_csv(rows, header=HEADER)).warnings
    assert '"a" in "item_group_id"' in warning
