from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.formats import OutputFormat
from app.domain.options import ProcessingOptions


def test_the_defaults_are_jpeg_of_quality_50_in_the_same_size() -> None:
    options = ProcessingOptions()
    assert (options.quality, options.format, options.scale) == (50, OutputFormat.JPEG, 1.0)
    assert not options.keep_originals


@pytest.mark.parametrize(
    "values",
    [
        {"quality": 1},
        {"quality": 100},
        {"scale": 0.001},
        {"scale": 1},
        {"max_width": 1, "max_height": 16_383},
        {"max_bytes": 1_000},
        {"output": "replace", "fresh": True},
        *({"format": name} for name in ("jpeg", "webp", "avif", "png", "keep")),
    ],
)
def test_values_at_the_bounds_are_taken(values: dict[str, Any]) -> None:
    options = ProcessingOptions(**values)
    assert ProcessingOptions.model_validate(options.model_dump(mode="json")) == options


@pytest.mark.parametrize(
    "values",
    [
        {"quality": 0},
        {"quality": 101},
        {"quality": "high"},
        {"scale": 0},
        {"scale": 1.01},
        {"scale": float("nan")},
        {"max_width": 0},
        {"max_height": 16_384},
        {"max_bytes": 999},
        {"format": "gif"},
        {"qualty": 50},
    ],
)
def test_impossible_values_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        ProcessingOptions(**values)
    assert caught.value.errors()[0]["loc"] == (next(iter(values)),)


def test_every_option_but_those_about_the_csv_decides_about_the_picture() -> None:
    other: dict[str, Any] = {
        "mode": "check",
        "quality": 51,
        "format": "webp",
        "scale": 0.5,
        "max_width": 10,
        "max_height": 10,
        "max_bytes": 5_000,
        "keep_originals": True,
        "output": "replace",
        "fresh": True,
    }
    plain = ProcessingOptions().picture_digest
    same = {
        name
        for name, value in other.items()
        if ProcessingOptions(**{name: value}).picture_digest == plain
    }
    assert same == {"output", "fresh"}
    assert set(other) == set(ProcessingOptions.model_fields)
    digests = {ProcessingOptions(**{name: value}).picture_digest for name, value in other.items()}
    assert len(digests) == len(other) - 1
