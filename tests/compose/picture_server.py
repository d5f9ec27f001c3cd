"""A shop's picture server, run by the smoke test in a container of the service's own image.

`/{seconds}/anything.jpg` answers a picture after so many seconds; all else is not found. Each
client's address is printed once.
"""

import io
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 640, 480
seen: set[str] = set()
lock = threading.Lock()


def picture() -> bytes:
    """A gradient with grain, so that a lower quality really saves."""
    grain = np.random.default_rng(1).integers(0, 40, (HEIGHT, WIDTH, 3))
    pixels = np.linspace(0, 200, WIDTH)[None, :, None] + grain
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "JPEG", quality=92)
    return file.getvalue()


PICTURE = picture()


class PictureHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        with lock:
            if self.client_address[0] not in seen:
                seen.add(self.client_address[0])
                print("client", self.client_address[0])  # noqa: T201 - the test reads the log
        found = self.path.endswith(".jpg")
        if found:
            time.sleep(float(self.path.split("/")[1]))
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(PICTURE) if found else 0))
        self.end_headers()
        self.wfile.write(PICTURE if found else b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
        """Say nothing: one line a picture would hide the clients."""


class PictureServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


PictureServer(("0.0.0.0", 8080), PictureHandler).serve_forever()
