"""A million odd files: NIfTI and its like, DICOM, checkpoints' descriptions, presets, cohorts' records.

    make fuzz

Guided by what code they reach where atheris is there, and blindly where it is not (its wheels end at Python 3.13 on
Linux). Each answer has to be a result or a sentence. What breaks a reader is kept as tests/fixtures/crashers/TARGET-*,
and read by `make test` ever after.
"""

import argparse
import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

CRASHERS = Path(__file__).parents[1] / "tests" / "fixtures" / "crashers"
RUNS = {"nifti": 300_000, "dicom": 100_000, "checkpoint": 50_000, "preset": 300_000, "cohort": 250_000}
OURS = ["uad_core.io", "uad_core.detect.presets", "uad_core.cohorts", "uad_core.models.checkpoint",
        "uad_core.models.description", "uad_core.models.calibration"]  # fmt: skip
SECONDS = 60  # that one file may take; the engine also rings when its end takes half as long


def main() -> None:
    """Each target in a process of its own, as the engine ends its process."""
    parser = argparse.ArgumentParser(description="fuzz what reads files")
    parser.add_argument("--share", type=float, default=1.0, help="of the million")
    parser.add_argument("--target", choices=RUNS, action="append", help="this one alone")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    chosen = options.target or list(RUNS)
    if options.child:
        fuzz(chosen[0], round(options.share * RUNS[chosen[0]]))
        return
    failed = [name for name in chosen if not _ended_well(name, options.share)]
    if failed:
        sys.exit(f"Broken: {', '.join(failed)}. The files lie in {CRASHERS.name}.")
    if options.share >= 1 and not options.target:
        from tools import trust

        engine = "guided by coverage (atheris)" if find_spec("atheris") else "blind"
        counts = ", ".join(f"{count:,} {name}" for name, count in RUNS.items())
        trust.record("fuzz", f"{sum(RUNS.values()):,} files ({counts}), {engine}: 0 without a sentence")


def _ended_well(name: str, share: float) -> bool:
    begun = time.monotonic()
    command = [sys.executable, "-m", "benchmarks.fuzz", "--child", "--target", name, "--share", str(share)]
    status = subprocess.run(command, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"}).returncode
    took = time.monotonic() - begun
    print(f"{name}: {round(share * RUNS[name]):,} files, {took:.0f} s, status {status}", flush=True)
    return status == 0


def fuzz(name: str, runs: int) -> None:
    """Read so many files; one that breaks the reader is kept, and ends the process with a status."""
    with tempfile.TemporaryDirectory() as folder:
        if find_spec("atheris"):
            guided(name, runs, Path(folder))
        else:
            blind(name, runs)


def guided(name: str, runs: int, folder: Path) -> None:
    """By what code is reached. Does not come back: the engine ends the process."""
    import atheris

    with atheris.instrument_imports(include=OURS):
        from tools.fuzz_targets import MOST_BYTES, TARGETS, mutants

    target = TARGETS[name]
    for number, seed in enumerate(target.seeds()):
        (folder / str(number)).write_bytes(seed)
    for number, seed in zip(range(300), mutants(name, 0), strict=False):
        (folder / f"m{number}").write_bytes(seed)
    CRASHERS.mkdir(parents=True, exist_ok=True)
    most = max(MOST_BYTES, *map(len, target.seeds()))
    options = [f"-runs={runs}", f"-max_len={most}", f"-timeout={SECONDS}", "-rss_limit_mb=3000", "-verbosity=0",
               f"-artifact_prefix={CRASHERS}/{name}-"]  # fmt: skip
    atheris.Setup([sys.argv[0], str(folder), *options], target.read)
    atheris.Fuzz()


def blind(name: str, runs: int) -> None:
    """Mutants of sound files, without end but for the count."""
    from tools.fuzz_targets import TARGETS, mutants

    for _, data in zip(range(runs), mutants(name, int.from_bytes(os.urandom(4))), strict=False):
        try:
            TARGETS[name].read(data)
        except Exception:
            with contextlib.suppress(FileExistsError):
                CRASHERS.mkdir(parents=True)
            (CRASHERS / f"{name}-{hashlib.sha256(data).hexdigest()[:16]}").write_bytes(data)
            raise


if __name__ == "__main__":
    main()
