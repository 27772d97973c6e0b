"""The BIDS App on many small simulated scans, disturbed by kills and undisturbed: is a scan lost, or done twice?

`python -m benchmarks.bids_app [SCANS]`: scans an hour with one process and with two, and what two SIGKILLs change. Of
more than 200 scans the run with one process is left out. `--heads`: raw heads of full size in the default setting, two
at once, undisturbed: minutes, and what part of the time the processors worked for them.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import DEVNULL, Popen

import nibabel as nib
import numpy as np
import psutil

from uad_core.io.paths import ROOT, SAMPLES

ALONE = 200  # scans at most that one process does alone, too
STEP = 4  # every fourth voxel of a shipped scan, so that a scan takes a second
SETTING = (
    "--model",
    "intensity",
    "--slab",
    "paper",
    "--median-size",
    "3",
    "--no-strip",
    "--no-register",
    "--no-shading",
)
KILLS = ("a worker", "the command")


def small_dataset(folder: Path, scans: int) -> Path:
    """A BIDS dataset of small simulated scans."""
    return noisy_dataset(folder, scans, SAMPLES / "sub-ms01_FLAIR.nii.gz", STEP)


def noisy_dataset(folder: Path, scans: int, source: Path, step: int = 1, noise: float = 2.0) -> Path:
    """A BIDS dataset of one scan, every `step`th voxel of it, two sessions a subject, each of other noise."""
    image = nib.Nifti1Image.from_filename(source)
    array = np.asanyarray(image.dataobj)[::step, ::step, ::step].astype(np.float32)
    affine = image.affine @ np.diag([step, step, step, 1.0])
    for number in range(scans):
        rng = np.random.default_rng(number)
        noisy = np.where(array > 0, array + rng.normal(0, noise, array.shape), 0).clip(0).astype(np.float32)
        name = f"sub-{number // 2:04d}_ses-{number % 2 + 1}_run-1_FLAIR.nii.gz"
        place = folder / f"sub-{number // 2:04d}" / f"ses-{number % 2 + 1}" / "anat"
        place.mkdir(parents=True)
        nib.save(nib.Nifti1Image(noisy, affine), place / name)
    return folder


def command(dataset: Path, out: Path, level: str, *words: str) -> list[str]:
    """The BIDS App's command line."""
    return [sys.executable, "-m", "uad_core", "bids", str(dataset), str(out), level, *words]


def disturbed(dataset: Path, out: Path, scans: int, jobs: int = 2) -> None:
    """Run the level `participant` to its end; at a third of it a worker is killed, at two thirds the command itself."""
    words = command(dataset, out, "participant", "--jobs", str(jobs), *SETTING)
    process = Popen(words, cwd=ROOT, stdout=DEVNULL, stderr=DEVNULL)
    for share, victim in zip((1 / 3, 2 / 3), KILLS, strict=True):
        _wait(lambda share=share: done(out) >= share * scans or process.poll() is not None)  # type: ignore[misc]
        if victim == "a worker":
            workers = [one for one in psutil.Process(process.pid).children() if "spawn_main" in " ".join(one.cmdline())]
            workers[0].kill()
        else:
            process.kill()
            process.wait()
    Popen(words, cwd=ROOT, stdout=DEVNULL, stderr=DEVNULL).wait()


def done(out: Path) -> int:
    """How many scans have ended."""
    return len(list((out / "logs").glob("*.png")))


def _wait(until: Callable[[], bool]) -> None:
    while not until():
        time.sleep(0.05)


def heads(scans: int, jobs: int = 2) -> None:
    """Print how long raw heads of full size take, and what bounds them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dataset = noisy_dataset(folder / "dataset", scans, SAMPLES / "sub-rawms03_FLAIR.nii.gz")
        before, started = os.times(), time.perf_counter()
        Popen(command(dataset, folder / "out", "participant", "--jobs", str(jobs)), cwd=ROOT).wait()
        seconds, after = time.perf_counter() - started, os.times()
        worked = sum(after[2:4]) - sum(before[2:4])
        print(
            f"{scans} raw heads, {jobs} at once: {seconds / 60:.1f} minutes, {scans / seconds * 3600:.0f} an hour; "
            f"{worked / scans:.1f} s of processor a head, {worked / seconds / jobs:.0%} of {jobs} processors' time; "
            f"{done(folder / 'out')} done"
        )


def main(scans: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dataset = small_dataset(folder / "dataset", scans)
        rates = {}
        for jobs in (1, 2) if scans <= ALONE else (2,):
            started = time.perf_counter()
            Popen(command(dataset, folder / f"{jobs}", "participant", "--jobs", str(jobs), *SETTING), cwd=ROOT).wait()
            rates[jobs] = scans / (time.perf_counter() - started) * 3600
            print(f"{scans} small scans, {jobs} at once: {rates[jobs]:.0f} an hour", flush=True)
        if 1 in rates:
            print(f"parallel efficiency of two: {rates[2] / rates[1] / 2:.0%}")
        disturbed(dataset, folder / "killed", scans)
        tables = []
        for out in ("2", "killed"):
            Popen(command(dataset, folder / out, "group"), cwd=ROOT, stdout=DEVNULL).wait()
            tables.append((folder / out / "group.tsv").read_bytes())
        same = "equal to" if tables[0] == tables[1] else "DIFFERENT FROM"
        print(f"after two SIGKILLs: {done(folder / 'killed')} scans, the table is {same} that of an undisturbed run")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scans", type=int, nargs="?", default=100)
    parser.add_argument("--heads", action="store_true")
    asked = parser.parse_args()
    (heads if asked.heads else main)(asked.scans)
