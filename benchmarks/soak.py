"""Does the server grow? A user comes, uploads a scan, tunes and leaves, again and again, on a real server.

    make soak

After each cycle, once the server has let go of the scan: its memory, threads, open files and temporary files. What
counts is the slope of the later cycles: what is loaded once, a model or a library, is no leak.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

from tools.app_client import AppClient
from tools.running_app import running_app
from uad_core.io.nifti import encode_nifti, read_nifti
from uad_core.io.paths import SAMPLES

TTL = 1  # s, that a closed page's scan is kept here
CYCLES, FIRST = 300, 20  # the first ones warm up


class Sample(NamedTuple):
    """The server after a cycle."""

    megabytes: float
    threads: int
    files: int
    temporary: int


def main() -> None:
    """Print some thirty lines, and the slope."""
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else CYCLES
    samples = []
    with server() as (address, process, temporary):
        for number in range(cycles):
            samples.append(cycle(address, number, process, temporary))
            if number % max(cycles // 30, 1) == 0:
                print(f"{number + 1:4d} cycles: {samples[-1]}", flush=True)
    later = samples[min(FIRST, cycles // 2) :]
    print(f"{slope([one.megabytes for one in later]):.3f} MB a cycle over the last {len(later)}; threads "
          f"{later[0].threads} -> {later[-1].threads}, files {later[0].files} -> {later[-1].files}, temporary files "
          f"{later[0].temporary} -> {later[-1].temporary}")  # fmt: skip


@contextmanager
def server() -> Iterator[tuple[str, psutil.Process, Path]]:
    """A fresh server with a folder of its own for temporary files: address, process, folder."""
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder) / "tmp"
        temporary.mkdir()
        known = {child.pid for child in psutil.Process().children()}
        options = (f"--server.disconnectedSessionTTL={TTL}",)
        with running_app(Path(folder) / "log.txt", *options, temporary=temporary) as address:
            yield address, next(one for one in psutil.Process().children() if one.pid not in known), temporary


def cycle(address: str, number: int, process: psutil.Process, temporary: Path) -> Sample:
    """One user's visit with a scan that nobody has brought before."""
    with AppClient(address) as user:
        user.page = "scan"
        user.run()
        user.upload("A NIfTI file", f"scan {number}.nii.gz", scan(number))
        user.open("detect", "scan=My+own+scan", 600)
        user.slide("Percentile of healthy residuals", 95.0)
        if not user.says("above the threshold"):
            raise AssertionError(f"cycle {number} found nothing: {user.texts}")
    time.sleep(TTL + 2.5)
    left = len(list(temporary.rglob("*")))
    return Sample(round(process.memory_info().rss / 1e6, 1), process.num_threads(), process.num_fds(), left)


def scan(number: int) -> bytes:
    """A bundled brain in which one voxel differs: a scan of its own, and just as much work."""
    volume = read_nifti((SAMPLES / "sub-healthy01_FLAIR.nii.gz").read_bytes())
    values = volume.array.astype(np.float32)
    values[values == values.max()] += number
    return encode_nifti(values, volume)


def slope(values: list[float]) -> float:
    """Of the line through them, a step."""
    return statistics.linear_regression(range(len(values)), values).slope if len(values) > 1 else 0.0


if __name__ == "__main__":
    main()
