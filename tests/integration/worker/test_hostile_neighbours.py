"""One request with everything hostile that we know of, and good pictures between it."""

import io
import os
import signal
import time
from pathlib import Path

from PIL import Image

from tests.factories import make_jpeg
from tests.hostile_server import HostileServer
from tests.integration.bench import Bench, bench
from tests.integration.outbound.test_misbehaving_hosts import CODES
from tests.parts.image_host import ImageHost
from tests.parts.process import own_children
from tests.parts.waiting import until
from tests.unit.imaging import zoo

FETCH_TIMEOUT_SECONDS = 3
# More than a child takes for any of the pictures but the large one.
LARGE_BYTES = 200_000_000

BOMBS = {
    "pixels.png": (zoo.huge_png(), "too_many_pixels"),
    "scans.jpg": (zoo.scan_bomb(), "corrupt_image"),
    "frames.gif": (zoo.gif_bomb(2_000), "too_many_pixels"),
    "cut.jpg": (make_jpeg(160, 120)[:-900], "corrupt_image"),
    "page.jpg": (b"<!doctype html><script>alert(1)</script>", "not_an_image"),
    "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported_format"),
}
BLOCKED = (
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:10.0.0.1]/a.jpg",
    "http://192.168.0.1:8080/a.jpg",
    "http://8.8.8.8:22/a.jpg",
)


def test_bombs_a_killed_child_and_hostile_hosts_harm_no_neighbour(
    tmp_path: Path, image_host: ImageHost
) -> None:
    sources = {image_host.add(f"good-{n}.jpg", make_jpeg(160, 120, seed=n)): n for n in range(24)}
    text_bomb = image_host.add("text.png", zoo.text_bomb_png())
    large = image_host.add("large.png", _large_picture())
    bombs = {image_host.add(name, data): code for name, (data, code) in BOMBS.items()}
    settings = {
        "data_dir": tmp_path,
        "fetch_timeout_seconds": FETCH_TIMEOUT_SECONDS,
        # Hosts that close without a word can spoil a kept connection; the second try has its own.
        "fetch_max_attempts": 2,
        "max_image_bytes": 6_000_000,
        "codec_processes": 2,
    }
    with HostileServer(listens_on="0.0.0.0") as hostile, bench(**settings) as service:
        until(lambda: service.runtime.context.codecs.ready)
        expected = {large: "decoder_crashed", **bombs}
        # Each has a host of its own: one that hangs for all of them is given up as a host.
        hosts = {path: f"127.0.1.{number}" for number, path in enumerate(CODES, start=1)}
        # Within these three seconds it comes to its sixth redirect.
        codes = CODES | {"/drip-redirect": "too_many_redirects"}
        expected |= {hostile.url(path, host=hosts[path]): code for path, code in codes.items()}
        expected |= dict.fromkeys(BLOCKED, "address_blocked")
        started = time.monotonic()
        request_id = service.upload_urls(*_mixed([*sources, text_bomb], list(expected)))
        # A picture whose child dies gets a second one; here that dies, too.
        _kill_the_child_with_the_large_picture()
        _kill_the_child_with_the_large_picture()
        status = service.ended(request_id, timeout_seconds=60)
        seconds = time.monotonic() - started

        images = service.by_url(request_id)
        found = {url: image["error"]["code"] for url, image in images.items() if image["error"]}
        assert found == expected
        assert status["images"]["completed"] == len(sources) + 1
        assert seconds < 40
        for url, seed in sources.items():
            output = _stored(service, images[url]["output_url"])
            wanted = Image.open(io.BytesIO(make_jpeg(160, 120, seed=seed)))
            assert (output.format, output.size) == ("JPEG", (160, 120))
            assert zoo.psnr(output, wanted) > 28
        assert zoo.near(
            _stored(service, images[text_bomb]["output_url"]).getpixel((10, 10)), zoo.RED, 16
        )


def _large_picture() -> bytes:
    """As many pixels as are let through, clear, on their side and in other colours: seconds."""
    image = Image.new("RGBA", (7_000, 7_000), (200, 100, 50, 128))
    profile, exif = zoo.rgb_profile(zoo.P3), zoo.exif_block(6)
    return zoo.save(image, "PNG", compress_level=1, icc_profile=profile, exif=exif)


def _mixed(good: list[str], bad: list[str]) -> list[list[str]]:
    """Rows of three: between any two good pictures stands a bad one."""
    urls = [url for pair in zip(good, bad, strict=False) for url in pair]
    urls += bad[len(good) :]
    return [urls[at : at + 3] for at in range(0, len(urls), 3)]


def _kill_the_child_with_the_large_picture() -> None:
    def has_it(pid: int) -> bool:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except OSError:
            return False
        return b"app.codecs.child" in command and pages * os.sysconf("SC_PAGESIZE") > LARGE_BYTES

    until(lambda: any(map(has_it, own_children())), 30)
    pid = next(filter(has_it, own_children()))
    os.kill(pid, signal.SIGKILL)
    until(lambda: pid not in own_children())


def _stored(service: Bench, output_url: str) -> Image.Image:
    key = output_url.partition("/images/")[2]
    with service.adapters.store.open(key) as file:
        return Image.open(io.BytesIO(file.read()))
