"""Once a child is shut in it can open nothing, so everything it needs is there before."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from app.domain.options import ProcessingOptions
from tests.unit.imaging import zoo

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import json, sys, warnings
from pathlib import Path
# As the child does; a warning would look for the line that it tells of.
warnings.simplefilter("ignore")
files = [path.read_bytes() for path in sorted(Path(sys.argv[1]).iterdir())]
from app.codecs import child, wire
from app.codecs.inbox import Inbox
from app.domain.errors import ImageError
options = [wire.unpack_options(json.dumps(each).encode()) for each in json.loads(sys.argv[2])]
inbox = Inbox(1)
inbox.put(1, wire.pack_options(options[0]), files[0])
reader = child.InboxReader(inbox.tickets_reader)
child.load_everything()
opened = []
sys.addaudithook(lambda event, told: event in ("open", "import") and opened.append(str(told[0])))
packed, data = reader.next().read()
assert (wire.unpack_options(packed), data) == (options[0], files[0])
done = 0
for data in files:
    for each in options:
        try:
            child.compress(data, each, max_pixels=50_000_000)
            done += 1
        except ImageError:
            pass
sys.stdout.write(json.dumps([done, sorted(set(opened))]))
"""


def pictures() -> dict[str, bytes]:
    """Each format that is read, with and without transparency, profiles, frames, and damaged."""
    photo = zoo.photo(120, 90)
    glass = photo.copy()
    glass.putalpha(128)
    profile = zoo.rgb_profile(((0.64, 0.33, 0.03), (0.3, 0.6, 0.1), (0.15, 0.06, 0.79)))
    made = {kind: zoo.save(photo, kind) for kind in ("AVIF", "BMP", "GIF", "ICO", "TIFF", "WEBP")}
    made |= {f"{kind}-glass": zoo.save(glass, kind) for kind in ("AVIF", "PNG", "TIFF", "WEBP")}
    made |= {
        f"{kind}-profile": zoo.save(photo, kind, icc_profile=profile)
        for kind in ("AVIF", "JPEG", "PNG", "TIFF", "WEBP")
    }
    made |= {f"{kind}-frames": zoo.animation(kind) for kind in ("GIF", "PNG", "WEBP")}
    made |= {
        carrier: zoo.carrying(photo, 6, carrier) for carrier in (*zoo.CARRIERS, *zoo.XMP_CARRIERS)
    }
    made |= {f"{name}-cut": data[: len(data) // 2] for name, data in made.items()}
    return made | {
        "heic": zoo.heic(photo),
        "page": b"<html></html>",
        "texts": zoo.text_bomb_png(2),
        "cmyk": zoo.save(photo.convert("CMYK"), "JPEG"),
        "palette": zoo.save(photo.convert("P"), "PNG"),
        "odd": zoo.save(zoo.photo(121, 91), "JPEG"),
        "bilevel": zoo.bilevel_tiff(),
        "pages": zoo.multi_page_tiff(),
    }


def test_no_picture_makes_a_child_open_a_file_or_import_a_module(tmp_path: Path) -> None:
    made = pictures()
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    options = [
        asdict(ProcessingOptions(format=name, **more).pictures)
        for name in ("jpeg", "png", "webp", "avif", "keep")
        for more in ({}, {"max_bytes": 2_000}, {"max_width": 50})
    ]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), json.dumps(options)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    count, opened = json.loads(done.stdout)
    assert count > len(made)
    assert opened == []
