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
    _translated("ru", "Изображения"),
    _translated("pl", "Obrazki"),
    _translated("sv", "Bilder"),
    _translated("tr", "Görseller"),
    _translated("ja", "画像"),
    Sample("woocommerce-chosen.csv", "woocommerce", 3, 3, 2, ("Images",), ("Lamp", "Cord")),
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
    Sample(
        "magento1.csv",
        "magento1",
        2,
        8,
        5,
        ("image", "small_image", "thumbnail", "media_gallery", "_media_image"),
        ("Jar", "Jar", "Tray"),
        MEDIA,
    ),
    Sample(
        "amazon-2024.txt",
        "amazon_2024",
        2,
        5,
        5,
        tuple(
            f"{name}[marketplace_id=A1PA6795UKMFR9]#1.media_location"
            for name in (
                "main_product_image_locator",
                "other_product_image_locator_1",
                "other_product_image_locator_2",
                "swatch_product_image_locator",
            )
        ),
        ("Belt", "Belt S", "Hat"),
    ),
    Sample(
        "amazon-listings.txt",
        "amazon_listings",
        3,
        2,
        2,
        ("image-url",),
        ("Sponge", 'Soap "mild"'),
    ),
    Sample(
        "ebay.csv", "ebay", 2, 6, 6, ("Item photo URL",), ("Shoe", "Shoe", "Shoe", "Laces, round")
    ),
    Sample("ebay-file-exchange.csv", "ebay", 2, 3, 3, ("PicURL",), ("Cup", "Pot")),
    Sample(
        "ecwid.csv",
        "ecwid",
        2,
        5,
        5,
        (
            "product_media_main_image_url",
            "product_media_gallery_image_url_1",
            "product_media_gallery_image_url_2",
        ),
        ("Tea", "Tea", "Mate"),
    ),
    Sample(
        "medusa.csv",
        "medusa",
        2,
        7,
        3,
        ("Product Thumbnail", "Product Image 1", "Product Image 2"),
        ("Rug", "Rug", "Mat"),
    ),
    Sample("shopware5.csv", "shopware5", 3, 4, 4, ("imageUrl",), ("Scarf", "Scarf", "Sock")),
    Sample(
        "shopware6.csv",
        "shopware6",
        2,
        5,
        4,
        ("cover_media_url", "media"),
        ("Bench", "Bench", "Chair"),
    ),
    Sample(
        "opencart.csv",
        "opencart_csvprice",
        2,
        4,
        4,
        ("_IMAGE_", "_IMAGES_"),
        ("Kettle", "Whisk"),
        MEDIA,
    ),
    Sample(
        "vendure.csv",
        "vendure",
        2,
        4,
        4,
        ("assets", "variantAssets"),
        ("Clock", "Clock", "Bell"),
        MEDIA,
    ),
    Sample(
        "meta.csv",
        "meta",
        2,
        6,
        5,
        ("image_link", "additional_image_link", "image[1].url"),
        ("Tent small", "Tent large", "Peg"),
    ),
    Sample(
        "shopee.csv",
        "shopee",
        2,
        8,
        6,
        (
            "et_title_image_per_variation|0|3",
            "ps_item_cover_image|0|3",
            "ps_item_image_1|0|3",
            "ps_item_image_2|0|3",
        ),
        ("Fan", "Fan", "Heater"),
    ),
    Sample("odoo.csv", "odoo", 3, 2, 2, ("Image Url",), ("Desk", "Desk pad")),
)
