#!/usr/bin/env python3
"""Make believable product pictures and the CSV that names them, and serve them on loopback.

    python create_test_data.py --products 10 --images-per-product 2 --serve

The same seed makes the same pictures, byte for byte, with the same version of Pillow.
"""

import argparse
import colorsys
import csv
import ipaddress
import os
import random
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

CSV_NAME = "products.csv"
DEFAULT_PORT = 8001
DEFAULT_BASE_URL = f"http://127.0.0.1:{DEFAULT_PORT}"

MATERIALS = ["Ceramic", "Cotton", "Leather", "Steel", "Oak", "Linen", "Glass", "Wool", "Bamboo"]
COLOURS = {"Red": 0.99, "Amber": 0.10, "Green": 0.36, "Teal": 0.49, "Blue": 0.60, "Plum": 0.80}

# Outlines on a 100 x 100 field; what stands later lies on top.
THINGS: dict[str, list[tuple[str, tuple[int, ...]]]] = {
    "Mug": [("ellipse", (58, 40, 86, 72)), ("hole", (64, 47, 80, 65)), ("box", (24, 30, 68, 82))],
    "Bottle": [("box", (43, 12, 57, 40)), ("box", (34, 34, 66, 88)), ("lid", (42, 8, 58, 18))],
    "Shirt": [
        ("polygon", (30, 20, 70, 20, 94, 42, 82, 54, 72, 46, 72, 88)),
        ("polygon", (70, 20, 30, 20, 6, 42, 18, 54, 28, 46, 28, 88, 72, 88)),
        ("hole", (42, 14, 58, 26)),
    ],
    "Lamp": [
        ("polygon", (36, 14, 64, 14, 78, 52, 22, 52)),
        ("lid", (47, 50, 53, 82)),
        ("box", (34, 80, 66, 88)),
    ],
    "Chair": [
        ("box", (28, 10, 72, 54)),
        ("lid", (22, 52, 78, 62)),
        ("lid", (24, 60, 30, 90)),
        ("lid", (70, 60, 76, 90)),
    ],
    "Bag": [("ellipse", (32, 10, 68, 56)), ("hole", (40, 18, 60, 50)), ("box", (18, 36, 82, 86))],
    "Bowl": [
        ("ellipse", (12, 16, 88, 90)),
        ("hole", (-60, -60, 160, 51)),
        ("lid", (10, 44, 90, 54)),
    ],
}


class Picture(NamedTuple):
    """One picture to make."""

    name: str
    title: str
    thing: str
    hue: float
    seed: tuple[int, int, int]


def create_test_data(
    folder: Path,
    *,
    products: int = 10,
    images_per_product: int = 2,
    base_url: str = DEFAULT_BASE_URL,
    broken: bool = False,
    seed: int = 0,
) -> Path:
    """Write pictures and `products.csv` into the folder and return the path of the CSV.

    Formats take turns: mostly JPEG of quality 92 (every fourth lies on its side and says so in
    its EXIF), some PNG with transparency, some WebP.

    Args:
        folder: made when it is missing; files of the same names are overwritten.
        products: rows of the CSV.
        images_per_product: URLs in each row.
        base_url: what stands before the file names in the CSV.
        broken: add three rows with a cut-off JPEG, a web page named .jpg and a dead link.
        seed: another one makes other products.
    """
    folder.mkdir(parents=True, exist_ok=True)
    base_url = base_url.rstrip("/")
    chance = random.Random(seed)
    rows: list[tuple[str, list[str]]] = []
    pictures: list[Picture] = []
    for number in range(1, products + (4 if broken else 1)):
        colour = chance.choice(list(COLOURS))
        thing = chance.choice(list(THINGS))
        title = f"{colour} {chance.choice(MATERIALS)} {thing}"
        made = [
            Picture(
                f"{number:04}-{index}-{_slug(title)}.{_extension(number + index)}",
                title,
                thing,
                COLOURS[colour],
                (seed, number, index),
            )
            for index in range(1, images_per_product + 1)
        ]
        pictures += made
        rows.append((title, [picture.name for picture in made]))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        # list() raises what went wrong in a thread, such as a full disk.
        list(threads.map(partial(_write_picture, folder), pictures))
    if broken:
        for (_, names), bad_name in zip(rows[-3:], _write_broken(folder, seed), strict=True):
            names.append(bad_name)
    path = folder / CSV_NAME
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(["S. No.", "Product Name", "Input Image Urls"])
        for number, (title, names) in enumerate(rows, 1):
            writer.writerow([number, title, ",".join(f"{base_url}/{name}" for name in names)])
    return path


@contextmanager
def serve(folder: Path, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve the folder over HTTP while the block runs; gives the base URL. Port 0 takes a free one.

    Raises:
        OSError: the port is taken or the address is not ours.
    """
    folder.mkdir(parents=True, exist_ok=True)
    server = _Server((host, port), partial(_Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        shown = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - only compared
        yield f"http://{shown}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".webp": "image/webp"}  # noqa: RUF012

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Hundreds of lines of access log would hide the commands that were printed."""


def _slug(title: str) -> str:
    return title.lower().replace(" ", "-")


def _extension(turn: int) -> str:
    return ("jpg", "jpg", "png", "jpg", "webp", "jpg")[turn % 6]


def _write_picture(folder: Path, picture: Picture) -> None:
    image = _draw(picture)
    path = folder / picture.name
    if path.suffix == ".png":
        image.save(path, compress_level=4)
    elif path.suffix == ".webp":
        image.convert("RGB").save(path, quality=90, method=2)
    else:
        exif = Image.Exif()
        flat = image.convert("RGB")
        if (picture.seed[1] + picture.seed[2]) % 6 == 3:
            # As a phone held upright: the pixels lie on their side, tag 0x0112 says "turn right".
            flat = flat.transpose(Image.Transpose.ROTATE_90)
            exif[0x0112] = 6
        flat.save(path, quality=92, exif=exif)


def _draw(picture: Picture) -> Image.Image:
    """A thing with its shadow and a label before a lit wall, with the noise of a sensor."""
    chance = np.random.default_rng(picture.seed)
    transparent = picture.name.endswith(".png")
    width, height = (720, 840) if transparent else (960, 1120)
    outline = _outline(THINGS[picture.thing], width, height)
    solid = outline.point(lambda level: 255 if level else 0)

    # Every picture of a product has its own light, as if the camera had gone round it.
    lamp = chance.uniform(0.3, 0.7)
    across = np.linspace(0, 1, width, dtype=np.float32)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    light = 0.82 + 0.18 * np.exp(-(((across - lamp) ** 2 + (down - 0.35) ** 2) / 0.3))
    wall = np.array([242, 240, 236], dtype=np.float32)
    scene = light[..., None] * wall

    shadow = solid.resize((width // 8, height // 8)).filter(ImageFilter.GaussianBlur(5))
    shade = np.asarray(shadow.resize((width, height)), dtype=np.float32)[..., None] / 255
    scene *= 1 - 0.45 * np.roll(shade, (height // 28, width // 28), (0, 1))

    colour = 255 * np.array(colorsys.hsv_to_rgb(picture.hue, 0.72, 0.78), dtype=np.float32)
    weave = Image.fromarray(chance.integers(0, 255, (height // 6, width // 6), dtype=np.uint8))
    texture = np.asarray(weave.resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255
    gloss = 0.65 + 0.55 * np.exp(-((across - lamp) ** 2) / 0.02) + 0.12 * texture
    parts = np.asarray(outline, dtype=np.float32)[..., None] / 255
    covered = np.asarray(solid.filter(ImageFilter.BoxBlur(1)), dtype=np.float32)[..., None] / 255
    scene = scene * (1 - covered) + covered * parts * gloss[..., None] * colour

    scene += chance.normal(0, 3, (height, width, 1)).astype(np.float32)
    image = Image.fromarray(scene.clip(0, 255).astype(np.uint8))
    font = ImageFont.load_default(width // 24)
    ImageDraw.Draw(image).text((width // 30, height - height // 16), picture.title, "#333", font)
    if transparent:
        image.putalpha(solid.filter(ImageFilter.GaussianBlur(1)))
    return image


def _outline(shapes: Sequence[tuple[str, tuple[int, ...]]], width: int, height: int) -> Image.Image:
    """The thing's parts in gray: brightness of the material, 0 where there is nothing."""
    field = Image.new("L", (width, height))
    draw = ImageDraw.Draw(field)
    for kind, numbers in shapes:
        corners = [
            number * (height if at % 2 else width) / 100 for at, number in enumerate(numbers)
        ]
        if kind == "polygon":
            draw.polygon(corners, fill=235)
        elif kind in ("ellipse", "hole"):
            draw.ellipse(corners, fill=0 if kind == "hole" else 215)
        else:
            draw.rounded_rectangle(corners, width // 40, fill=160 if kind == "lid" else 240)
    return field


def _write_broken(folder: Path, seed: int) -> tuple[str, str, str]:
    whole = Picture("broken-cut-off.jpg", "Cut off", "Mug", 0.5, (seed, 0, 1))
    _write_picture(folder, whole)
    path = folder / whole.name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (folder / "broken-web-page.jpg").write_text("<!doctype html><title>Sign in</title>\n")
    return whole.name, "broken-web-page.jpg", "broken-dead-link.jpg"


def _allowed_network(base_url: str) -> str:
    try:
        address = ipaddress.ip_address(urlsplit(base_url).hostname or "")
    except ValueError:
        return "127.0.0.0/8"
    return "127.0.0.0/8" if address.is_loopback else f"{address}/{address.max_prefixlen}"


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Make product pictures and a CSV of their URLs; serve them if asked to."
    )
    parser.add_argument("--products", type=_count, default=10, metavar="N", help="rows (10)")
    parser.add_argument(
        "--images-per-product", type=_count, default=2, metavar="M", help="URLs in a row (2)"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("test_data"), metavar="DIR", help="folder (test_data)"
    )
    parser.add_argument("--broken", action="store_true", help="add three rows with broken pictures")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other products (0)")
    parser.add_argument("--base-url", help=f"what the CSV puts before names ({DEFAULT_BASE_URL})")
    parser.add_argument("--serve", action="store_true", help="serve the folder until Ctrl-C")
    parser.add_argument("--host", default="127.0.0.1", help="address to serve on (127.0.0.1)")
    parser.add_argument(
        "--port",
        type=int,
        default=DEFAULT_PORT,
        help=f"port to serve on; 0 = free ({DEFAULT_PORT})",
    )
    return parser.parse_args(argv)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 to 1000000")
    return int(text)


def _wait_for_the_end(csv_path: Path, base_url: str) -> None:
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    print(f"Serving {csv_path.parent} on {base_url} until Ctrl-C.")
    print("The service fetches from private addresses only where it is allowed to. Start it so:")
    print(f"  FETCH_ALLOW_NETWORKS={_allowed_network(base_url)} ./run.sh")
    print("and upload with:")
    print(f"  curl -F {shlex.quote(f'file=@{csv_path}')} http://127.0.0.1:8000/upload", flush=True)
    end.wait()


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    chosen = _arguments(argv)
    make = partial(
        create_test_data,
        chosen.output,
        products=chosen.products,
        images_per_product=chosen.images_per_product,
        broken=chosen.broken,
        seed=chosen.seed,
    )
    try:
        if not chosen.serve:
            print(f"Wrote {make(base_url=chosen.base_url or DEFAULT_BASE_URL)}")
            return 0
        with serve(chosen.output, chosen.host, chosen.port) as address:
            base_url = chosen.base_url or address
            path = make(base_url=base_url)
            print(f"Wrote {path}")
            _wait_for_the_end(path, base_url)
    except (OSError, OverflowError) as error:
        print(f"create_test_data: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
