"""Sample exports: our own rows under the headers that the platforms write.

Where each layout comes from is in docs/catalogs.md. The pictures' host is `HOST`; a test puts a
server of its own in its place.
"""

from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent
HOST = "https://pics.example"
MEDIA = f"{HOST}/media"


@dataclass(frozen=True)
class Sample:
    """A file and what has to be found in it.

    `names` are those of the products whose rows have images, row by row. `base_url`: the file has
    relative paths.
    """

    file: str
    platform: str
    products: int
    places: int
    images: int
    columns: tuple[str, ...]
    names: tuple[str, ...]
    base_url: str | None = field(default=None)

    @property
    def data(self) -> bytes:
        """The file."""
        return (FOLDER / self.file).read_bytes()


def _translated(language: str, images: str) -> Sample:
    names = ("Vase", "Vase S", "Vase L", "Bol é")
    return Sample(f"woocommerce-{language}.csv", "woocommerce", 2, 5, 4, (images,), names)


SAMPLES = (
    Sample(
        "shopify.csv",
        "shopify",
        3,
        6,
        4,
        ("Image Src", "Variant Image"),
        ("Linen Shirt", "Linen Shirt", "Linen Shirt", "=Enamel Mug"),
    ),
    Sample(
        "shopify-new.csv",
        "shopify",
        2,
        5,
        3,
        ("Product image URL", "Variant image URL"),
        ("Wool Cap", "Wool Cap", "Scarf"),
    ),
    Sample(
        "woocommerce.csv",
        "woocommerce",
        3,
        5,
        4,
        ("Images",),
        ("Hoodie", "Hoodie - Red", "Hoodie - Blue", "Sticker, round"),
    ),
    _translated("de", "Bilder"),
    _translated("fr", "Images"),
    _translated("es", "Imágenes"),
    _translated("it", "Immagini"),
    _translated("nl", "Afbeeldingen"),
    _translated("pt", "Imagens"),
    Sample(
        "magento.csv",
        "magento",
        2,
        9,
        3,
        ("base_image", "small_image", "thumbnail_image", "swatch_image", "additional_images"),
        ("Weekend Bag S", "Weekend Bag"),
        MEDIA,
    ),
    Sample(
        "bigcommerce.csv",
        "bigcommerce",
        2,
        4,
        4,
        ("Variant Image URL", "Internal Image URL (Export)", "Image URL (Import)"),
        ("Desk Lamp", "Desk Lamp", "Desk Lamp", "Bulb"),
    ),
    Sample(
        "bigcommerce-legacy.csv",
        "bigcommerce_legacy",
        2,
        3,
        3,
        ("Product Image File - 1", "Product Image File - 2"),
        ("Oak Stool", "Pine Shelf"),
        MEDIA,
    ),
    Sample(
        "prestashop.csv", "prestashop", 2, 3, 3, ("Image URLs (x,y,z...)",), ("Théière", "Tasse")
    ),
    Sample(
        "google-merchant.tsv",
        "google_merchant",
        2,
        5,
        4,
        ("image_link", "additional_image_link"),
        ("Runner 37", "Runner 38", "Sandal"),
    ),
    Sample(
        "amazon.txt",
        "amazon",
        2,
        6,
        6,
        (
            "main_image_url",
            "other_image_url1",
            "other_image_url2",
            "other_image_url3",
            "swatch_image_url",
        ),
        ("Backpack", "Backpack green", "Pencil case"),
    ),
    Sample(
        "etsy.csv",
        "etsy",
        2,
        4,
        4,
        tuple(f"IMAGE{number}" for number in range(1, 11)),
        ("Silver Ring, handmade", "Clay Bowl"),
    ),
    Sample(
        "squarespace.csv", "squarespace", 2, 4, 4, ("Hosted Image URLs",), ("Candle", "Matches")
    ),
    Sample("wix.csv", "wix", 2, 3, 3, ("productImageUrl",), ("Tote", "Pouch")),
    Sample("wix-new.csv", "wix", 2, 3, 3, ("media",), ("Stool", "Stool", "Bench")),
)
