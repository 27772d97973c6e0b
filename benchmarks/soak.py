"""Does the server grow? A user comes, uploads a scan, tunes and leaves, again and again, on a real server.

    make soak

After each cycle, once the server has let go of the scan: its memory, threads, open files and temporary files. What
counts is the slope of the later cycles: what is loaded once, a model or a library, is no leak. `make soak` goes on with
a class at one server, see `benchmarks/class_at_work.py`.
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

from tools import trust
from tools.app_client import AppClient
from tools.running_app import running_app
from uad_core.io.nifti import encode_nifti, read_nifti
from uad_core.io.paths import SAMPLES

TTL = 1  # s, that a closed page's scan is kept here
CYCLES, FIRST = 300, 20  # the first ones warm up
QUERY = "scan=My+own+scan&model=intensity"  # the quickest model: what stays of a visit is no model's


class Sample(NamedTuple):
    """The server after a cycle."""

    megabytes: float
    threads: int
    files: int
    temporary: int


IDLE_SECONDS, BUSY_PERCENT = 60, 20  # how long the server may take to have nothing to do any more, and what that means
COUNTED = ("megabytes", "threads", "files", "temporary")


def main() -> None:
    """Print some thirty lines, and the slope."""
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else CYCLES
    samples = []
    with server() as (address, process, temporary):
        for number in range(cycles):
            samples.append(cycle(address, number, process, temporary))
            if number % max(cycles // 30, 1) == 0:
                print(f"{number + 1:4d} cycles: {samples[-1]}", flush=True)
    said = summary(samples)
    print(said)
    if cycles >= CYCLES:
        trust.record("soak", said)


def summary(samples: list[Sample]) -> str:
    """The slope of the later samples, and whether anything else grew."""
    later = samples[min(FIRST, len(samples) // 2) :]
    grew = slope([one.megabytes for one in later])
    ends = "; ".join(f"{name} {getattr(later[0], name)} to {getattr(later[-1], name)}" for name in COUNTED)
    return f"{len(samples)} visits with a scan each: {grew:+.3f} MB a visit over the last {len(later)}; {ends}"


@contextmanager
def server(ttl: int = TTL) -> Iterator[tuple[str, psutil.Process, Path]]:
    """A fresh server, where a closed page lives for `ttl` s: address, process, its own folder for temporary files."""
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder) / "tmp"
        temporary.mkdir()
        known = {child.pid for child in psutil.Process().children()}
        options = (f"--server.disconnectedSessionTTL={ttl}",)
        with running_app(Path(folder) / "log.txt", *options, temporary=temporary) as address:
            yield address, next(one for one in psutil.Process().children() if one.pid not in known), temporary


def cycle(address: str, number: int, process: psutil.Process, temporary: Path, detects: bool = True) -> Sample:
    """One user's visit with a scan that nobody has brought before; who does not detect leaves while it is prepared."""
    with AppClient(address) as user:
        user.page = "scan"
        user.run()
        user.upload("A NIfTI file", f"scan {number}.nii.gz", scan(number))
        if ("button", "Cancel") in user.widgets:  # all levels, for the Scan page; the model needs 20
            user.press("Cancel")
        if detects:
            user.open("detect", QUERY, 600)
            user.slide("Percentile of healthy residuals", 95.0)
            if not user.says("above the threshold"):
                raise AssertionError(f"cycle {number} found nothing: {user.texts}")
    time.sleep(TTL + 2.5)
    end = time.monotonic() + IDLE_SECONDS
    while process.cpu_percent(1) > BUSY_PERCENT and time.monotonic() < end:
        pass  # what was under way ends at its next step
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
