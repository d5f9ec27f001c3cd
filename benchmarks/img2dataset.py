"""img2dataset, a downloader of image collections, on the same URLs: what users would take else."""

import math
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import progress
from benchmarks.processes import SELDOM_SECONDS, Meter

PROCESSES = 2
# Fewer than its 256 by default: with a host that answers at once, more threads only cost it.
THREADS = 32
# Several pieces for each process, so that neither waits long for the other's last one.
SHARDS_PER_PROCESS = 4


class NotAvailable(Exception):
    """It could not be installed or did not work; the message says why."""


@dataclass(frozen=True)
class DatasetRun:
    """CPU and wall time of the whole command, its start included."""

    cpu_seconds: float
    wall_seconds: float
    peak_pss_bytes: int


def install(folder: Path) -> Path:
    """Its program in a virtual environment of its own, made on first use.

    Raises:
        NotAvailable: pip could not get it.
    """
    program = folder / "bin" / "img2dataset"
    if not program.exists():
        progress(f"Installing img2dataset into {folder} ...")
        for command in (
            ["python3", "-m", "venv", str(folder)],
            [str(folder / "bin" / "pip"), "install", "--quiet", "img2dataset"],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise NotAvailable(f"img2dataset could not be installed: {_last_line(done.stderr)}")
    return program


def installed_version(program: Path) -> str:
    """The version that `install` got."""
    pip = [str(program.with_name("pip")), "show", "img2dataset"]
    shown = subprocess.run(pip, capture_output=True, text=True, check=True).stdout
    return next(
        (line.split()[1] for line in shown.splitlines() if line.startswith("Version:")), "unknown"
    )


def run_img2dataset(program: Path, urls: Sequence[str]) -> DatasetRun:
    """Download and re-encode all URLs as JPEG of quality 50 in their own size.

    Raises:
        NotAvailable: it did not bring all pictures.
    """
    with tempfile.TemporaryDirectory(prefix="ips-benchmark-") as folder:
        listed, output, log = (Path(folder) / name for name in ("urls.txt", "out", "log"))
        listed.write_text("\n".join(urls) + "\n", encoding="utf-8")
        shard = math.ceil(len(urls) / (PROCESSES * SHARDS_PER_PROCESS))
        command = [
            str(program),
            f"--url_list={listed}",
            f"--output_folder={output}",
            "--resize_mode=no",
            "--encode_quality=50",
            "--compute_hash=None",
            "--extract_exif=False",
            f"--processes_count={PROCESSES}",
            f"--thread_count={THREADS}",
            f"--number_sample_per_shard={shard}",
        ]
        # One of its libraries asks the network for news at each start.
        environment = os.environ | {"NO_ALBUMENTATIONS_UPDATE": "1"}
        with log.open("wb") as out:
            process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
            with Meter([process.pid], sample_seconds=SELDOM_SECONDS) as meter:
                _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        brought = sum(1 for _ in output.rglob("*.jpg")) if output.exists() else 0
        if process.returncode != 0 or brought != len(urls):
            said = _last_line(log.read_text(encoding="utf-8", errors="replace"))
            raise NotAvailable(f"img2dataset brought {brought} of {len(urls)} pictures: {said}")
        # The kernel adds up what the process and all the children that it waited for have used.
        cpu_seconds = usage.ru_utime + usage.ru_stime
        return DatasetRun(cpu_seconds, meter.wall_seconds, meter.peak_pss_bytes)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
