"""A first try without a file of one's own: pictures that this service makes and serves itself.

They are fetched through the same guard as everybody else's. So the sample is offered only where
the operator's settings let the service reach its own address.
"""

import io
import socket
from functools import lru_cache
from ipaddress import ip_address

import numpy as np
from fastapi import APIRouter, Response
from PIL import Image, ImageDraw, ImageFilter
from starlette.exceptions import HTTPException

from app.adapters import Adapters
from app.catalog.out.writer import encode_table
from app.domain.errors import ImageError
from app.domain.options import ProcessingOptions
from app.intake.submit import submit

router = APIRouter(include_in_schema=False)

FILENAME = "sample.csv"
WIDTH_PX, HEIGHT_PX = 1200, 900
# Product -> colours of its pictures, as red, green, blue.
PRODUCTS = {
    "Stoneware mug": ((186, 92, 60), (70, 110, 140)),
    "Linen cushion": ((205, 178, 120), (120, 140, 110)),
    "Oak stool": ((160, 120, 80),),
    "Glass vase": ((90, 160, 170), (150, 110, 160)),
}


@router.get("/sample-images/{number}.jpg")
def sample_image(number: int) -> Response:
    """One of the sample's pictures; open, because the service itself comes without a key."""
    colours = [colour for each in PRODUCTS.values() for colour in each]
    if not 1 <= number <= len(colours):
        raise HTTPException(404)
    return Response(_picture(number, colours[number - 1]), media_type="image/jpeg")


def works(adapters: Adapters) -> bool:
    """Whether the service may fetch from the address under which it hands out links."""
    base_url = adapters.settings.base_url
    try:
        target = adapters.guard.parse(base_url)
        if target.literal is not None:
            return True
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (ImageError, OSError):
        return False
    return all(adapters.guard.allows(ip_address(each[4][0])) for each in found)


def submit_sample(adapters: Adapters, *, owner: str) -> str:
    """Upload the sample as anybody would; returns the request's id."""
    answer = submit(
        adapters,
        content=io.BytesIO(_csv(adapters.settings.base_url)),
        filename=FILENAME,
        options=ProcessingOptions(keep_originals=True),
        webhook_url=None,
        owner=owner,
    )
    request_id: str = answer["request_id"]
    return request_id


def _csv(base_url: str) -> bytes:
    lines = [["S. No.", "Product Name", "Input Image Urls"]]
    picture = 1
    for number, (name, colours) in enumerate(PRODUCTS.items(), start=1):
        numbers = range(picture, picture + len(colours))
        urls = ",".join(f"{base_url}/sample-images/{each}.jpg" for each in numbers)
        lines.append([str(number), name, urls])
        picture += len(colours)
    return b"".join(encode_table(lines))


@lru_cache(maxsize=16)
def _picture(number: int, colour: tuple[int, int, int]) -> bytes:
    """A thing on a table, lit from above, with the grain of a camera."""
    size = (WIDTH_PX, HEIGHT_PX)
    rows = np.linspace(0, 1, HEIGHT_PX)[:, None, None]
    wall = np.array([238, 236, 232]) * (1 - 0.25 * rows) * np.ones((1, WIDTH_PX, 1))
    scene = Image.fromarray(wall.astype(np.uint8))
    shadow = Image.new("L", size, 0)
    ImageDraw.Draw(shadow).ellipse((330, 690, 900, 800), fill=150)
    scene.paste((60, 55, 50), mask=shadow.filter(ImageFilter.GaussianBlur(28)))
    shape = Image.new("L", size, 0)
    draw = ImageDraw.Draw(shape)
    draw.rounded_rectangle((390, 240 + 30 * (number % 3), 810, 750), 40 + 30 * (number % 4), 255)
    draw.ellipse((390, 200 + 30 * (number % 3), 810, 300 + 30 * (number % 3)), fill=255)
    light = 0.55 + 0.6 * np.sin(np.linspace(0.5, 2.9, WIDTH_PX))[None, :, None]
    body = np.array(colour) * light * np.ones((HEIGHT_PX, 1, 1))
    scene.paste(
        Image.fromarray(body.clip(0, 255).astype(np.uint8)),
        mask=shape.filter(ImageFilter.GaussianBlur(1)),
    )
    grain = np.random.default_rng(number).normal(0, 5, (HEIGHT_PX, WIDTH_PX, 1))
    pixels = (np.asarray(scene) + grain).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=92)
    return file.getvalue()
