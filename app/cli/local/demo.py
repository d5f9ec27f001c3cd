"""`python -m app demo`: the main job end to end, with nothing prepared."""

import csv
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from PIL import Image

from app.bootstrap import host_rules
from app.catalog.layouts.columns import OUTPUT_COLUMN
from app.cli.adapters import command_settings
from app.cli.console.failures import UnusableInput
from app.cli.console.interrupts import Interrupted
from app.cli.console.progress import Status
from app.cli.console.summary import print_summary
from app.cli.console.terminal import ALL_DONE, SOME_FAILED, count, err, fail, out, shown
from app.cli.files import open_input
from app.cli.local.local_run import LocalRun, local_run
from app.config import STORE_SETTINGS, Settings, load_settings
from app.domain.options import ProcessingOptions
from app.intake.check import Reading
from create_test_data import create_test_data, serve

INPUT_COLUMN = "Input Image Urls"
# Names of pictures that cannot be done begin so: see create_test_data.
BROKEN = "broken-"


def demo(*, products: int, images_per_product: int, broken: bool) -> int:
    """Make pictures, process them, check the result and print its path; returns the exit code.

    Everything is in a new folder below DATA_DIR, with a database of its own, so that nothing has to
    be configured and a running service does not take part.

    Args:
        broken: add three pictures that cannot be done, to see how they are reported.
    Raises:
        SettingsError: a setting is impossible.
        DatabaseUnavailable, StoreError, OSError: the folder cannot be used.
    """
    configured = load_settings()
    # Before pictures are made for nothing.
    host_rules(configured)
    folder = _new_folder(configured.data_dir / "demo")
    err.print("The demo uses its own SQLite and files, whatever is configured, and the loopback.")
    with serve(folder / "pictures") as base_url, _parts_of_its_own(folder, base_url) as settings:
        source = create_test_data(
            folder / "pictures",
            products=products,
            images_per_product=images_per_product,
            base_url=base_url,
            broken=broken,
        )
        target = folder / "products-output.csv"
        started = time.monotonic()
        try:
            with local_run(settings) as run:
                status = _run(run, source, target, folder / "images")
                failures = run.failures()
        except Interrupted as stop:
            err.print("Stopped.")
            return stop.exit_code
    print_summary(out, status, failures, seconds=time.monotonic() - started)
    done, wrong = _check(source, target)
    out.print(f"Pictures before: {shown(source.parent, limit=1_000)}")
    out.print(f"Pictures after: {shown(folder / 'images', limit=1_000)}")
    out.print(f"Output CSV: {shown(target, limit=1_000)}")
    if wrong:
        fail(wrong)
        return SOME_FAILED
    out.print(f"Checked: {count(done, 'output picture')}, each a smaller JPEG in its place.")
    return ALL_DONE


def _run(run: LocalRun, source: Path, target: Path, images: Path) -> Status:
    with open_input(str(source)) as raw:
        run.submit(raw, source.name, ProcessingOptions(), Reading())
    with run.worker():
        status = run.wait()
        run.write(str(target), images)
    return status


def _new_folder(parent: Path) -> Path:
    """A folder that no other demo uses, named by the time."""
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    for suffix in ("", *(f"-{number}" for number in range(2, 100))):
        folder = parent / f"{stamp}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise UnusableInput(f"{shown(parent)} has too many demos of this second; try again.")


@contextmanager
def _parts_of_its_own(folder: Path, base_url: str) -> Iterator[Settings]:
    """Settings for the embedded default below `folder`; database and store go with the block."""
    state = folder / "state"
    try:
        yield command_settings(
            data_dir=state,
            database_url=None,
            webhook_url=None,
            # The only address that the demo needs; the guard stays closed for all others.
            fetch_allow_networks=f"{urlsplit(base_url).hostname}/32",
            # Files, whatever store the service has.
            **dict.fromkeys(name.lower() for name in STORE_SETTINGS),
        )
    finally:
        shutil.rmtree(state, ignore_errors=True)


def _check(source: Path, target: Path) -> tuple[int, str]:
    """Compare the output CSV with the input CSV.

    Returns how many pictures are as they should be, and what is wrong in one sentence or nothing.
    """
    done = 0
    with source.open(newline="", encoding="utf-8") as file:
        wanted = [row[INPUT_COLUMN].split(",") for row in csv.DictReader(file)]
    with target.open(newline="", encoding="utf-8") as file:
        made = [row[OUTPUT_COLUMN].split(",") for row in csv.DictReader(file)]
    if [len(urls) for urls in wanted] != [len(urls) for urls in made]:
        return 0, f"{target.name} has other rows or places than {source.name}."
    for input_url, output_url in zip(chain(*wanted), chain(*made), strict=True):
        original = source.parent / Path(urlsplit(input_url).path).name
        if original.name.startswith(BROKEN):
            wrong = f"{original.name} was done, but cannot be." if output_url else ""
        elif not output_url:
            wrong = f"{original.name} was not done."
        else:
            wrong = _check_picture(original, Path(url2pathname(urlsplit(output_url).path)))
            done += 1
        if wrong:
            return done, wrong
    return done, ""


def _check_picture(original: Path, picture: Path) -> str:
    if not picture.is_file():
        return f"The picture {picture.name} is missing."
    try:
        with Image.open(picture) as image:
            image.load()
            form = image.format
    except OSError as error:
        return f"The picture {picture.name} cannot be read: {error}."
    if form != "JPEG":
        return f"The picture {picture.name} is no JPEG."
    if picture.stat().st_size >= original.stat().st_size:
        return f"The picture {picture.name} is not smaller than {original.name}."
    return ""
