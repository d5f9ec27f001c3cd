"""Option values: text in, checked options or a sentence with name, value and bounds out."""

import pytest

from app.api.upload.form import KNOWN_OPTIONS, PROCESSING_OPTIONS, plain_schema, processing_options
from app.domain.errors import OptionInvalid
from app.domain.formats import OutputFormat
from app.domain.options import ProcessingOptions


def test_no_values_give_the_defaults() -> None:
    assert processing_options({}) == ProcessingOptions()


def test_text_values_become_typed_options() -> None:
    options = processing_options(
        {
            "quality": "80",
            "format": "WebP",
            "scale": "0.5",
            "max_width": "800",
            "max_height": "600",
            "max_bytes": "50000",
            "keep_originals": "true",
        }
    )
    assert options == ProcessingOptions(
        quality=80,
        format=OutputFormat.WEBP,
        scale=0.5,
        max_width=800,
        max_height=600,
        max_bytes=50_000,
        keep_originals=True,
    )


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("quality", "500", "a whole number from 1 to 100"),
        ("quality", "0", "a whole number from 1 to 100"),
        ("quality", "high", "a whole number from 1 to 100"),
        ("quality", "50.5", "a whole number from 1 to 100"),
        ("quality", "9" * 5_000, "a whole number from 1 to 100"),
        ("format", "gif", "one of jpeg, webp, avif, png, keep"),
        ("scale", "0", "a number above 0 and at most 1"),
        ("scale", "nan", "a number above 0 and at most 1"),
        ("scale", "1.5", "a number above 0 and at most 1"),
        ("max_width", "-3", "a whole number from 1 to 16383"),
        ("max_height", "99999", "a whole number from 1 to 16383"),
        ("max_bytes", "10", "a whole number from 1000"),
        ("keep_originals", "perhaps", "true or false"),
    ],
)
def test_an_impossible_value_names_option_value_and_bounds(
    name: str, value: str, allowed: str
) -> None:
    with pytest.raises(OptionInvalid) as caught:
        processing_options({name: value})
    assert caught.value.option == name
    assert caught.value.detail.startswith(f"{name} is '{value[:100]}")
    assert caught.value.detail.endswith(f"must be {allowed}.")
    assert len(caught.value.detail) < 250


def test_every_option_of_the_domain_can_be_given() -> None:
    assert set(ProcessingOptions.model_fields) == set(PROCESSING_OPTIONS) <= set(KNOWN_OPTIONS)


@pytest.mark.parametrize("name", PROCESSING_OPTIONS)
def test_documented_schemas_have_one_plain_type_and_a_description(name: str) -> None:
    schema = plain_schema(name)
    assert schema["type"] in {"integer", "number", "string", "boolean"}
    assert schema["description"]
    assert not {"$ref", "anyOf"} & set(schema)
