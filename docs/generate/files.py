"""Which files are made, and of what."""

from pathlib import Path

from docs.generate.blocks import filled
from docs.generate.configuration import configuration_blocks
from docs.generate.contract import load_contract
from docs.generate.pages import api_blocks
from docs.generate.postman import collection_text
from docs.generate.tables import table_blocks

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "image_processing.postman_collection.json"


def made_files() -> dict[str, str]:
    """Every made file by its path from the root, as it should be.

    Raises:
        PageError: a page lacks a block or has one that nobody makes.
    """
    contract = load_contract()
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    pages = {
        "docs/configuration.md": configuration_blocks(example),
        "docs/api.md": api_blocks(contract),
        "docs/design.md": table_blocks(),
    }
    made = {
        name: filled((ROOT / name).read_text(encoding="utf-8"), blocks, page=name)
        for name, blocks in pages.items()
    }
    return made | {COLLECTION: collection_text(contract)}
