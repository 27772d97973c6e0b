"""One raw head, from its file to its result files: what each step takes, and what loading the program takes.

python -m benchmarks.scan_steps [SCAN]
"""

import gzip
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from subprocess import run
from time import perf_counter

import torch

from benchmarks.floors import beside_floor, operations, timed
from uad_core.atlas.space import PAPER_SLAB, WHOLE_BRAIN, Slab
from uad_core.detect.export import export
from uad_core.detect.presets import usual_config
from uad_core.io.paths import ROOT, SAMPLES
from uad_core.io.read_scan import read_scan
from uad_core.models.checkpoint import load_checkpoint
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import segment
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan
from uad_core.preprocess.linknet import LinkNet

RAW_HEAD = SAMPLES / "sub-rawms03_FLAIR.nii.gz"
PIPELINE = "import uad_core.preprocess.from_file, uad_core.pipeline.segment, uad_core.pipeline.look"
CASES = (("marker", PAPER_SLAB), ("marker-whole", WHOLE_BRAIN))
REPEATS = 3


def bench_import() -> Iterator[str]:
    """The pipeline's modules, and all of a detection, each loaded by a fresh Python; the least of `REPEATS`."""
    for what, code in (("pipeline", PIPELINE), ("detect", "import uad_core.detect.one_call")):
        seconds = min(
            _seconds(partial(run, [sys.executable, "-c", code], cwd=ROOT, check=True)) for _ in range(REPEATS)
        )
        plain = min(_seconds(partial(run, [sys.executable, "-c", "import numpy"], check=True)) for _ in range(REPEATS))
        yield f"import, {what}: {seconds:.2f} s with Python's own start; numpy alone {plain:.2f} s"


def bench_scan(path: Path = RAW_HEAD) -> Iterator[str]:
    """Seconds a step, read to export, after one run that loads the weights."""
    for name, slab in CASES:
        _steps(path, name, slab)
        steps, scan_bytes = _steps(path, name, slab)
        parts = ", ".join(f"{step} {seconds:.1f}" for step, seconds in steps.items())
        yield f"raw head, {slab.count} levels, {name}: {sum(steps.values()):.1f} s; {parts}"
        yield f"  of these: {'; '.join(_floors(path, name, slab, scan_bytes, steps))}"


def _floors(path: Path, name: str, slab: Slab, scan_bytes: int, steps: dict[str, float]) -> Iterator[str]:
    """The steps with a floor of their own: the file unpacked, the sums of networks, each voxel moved once."""
    unpacked = timed(lambda: gzip.decompress(path.read_bytes()), REPEATS)[1]
    yield f"read: floor {1000 * unpacked:.3g} ms (unpacking), {steps['read'] / unpacked:.1f} times above it"
    network, model = LinkNet().eval(), load_checkpoint(name).model
    cubes = [torch.zeros(1, 1, side, side, side) for side in (128, 256)]
    with torch.no_grad():
        strip = sum(operations(partial(network, cube)) for cube in cubes)
        slices = torch.zeros(slab.count, 1 + len(model.context), 256, 256)
        drawing = operations(lambda: model.assess(slices, lambda share: None))
    yield f"strip: {beside_floor(steps['strip'], sums=strip)}"
    yield f"reconstruct: {beside_floor(steps['reconstruct'], sums=drawing)}"
    for step in ("register", "even", "denoise", "segment"):
        if step in steps:
            yield f"{step}: {beside_floor(steps[step], 2 * scan_bytes)}"


def _steps(path: Path, name: str, slab: Slab) -> tuple[dict[str, float], int]:
    """Seconds a step, and the bytes of the scan's voxels."""
    checkpoint = load_checkpoint(name)
    config, started = usual_config(checkpoint), perf_counter()
    scan = read_scan(path)
    read = perf_counter()
    prepared = prepare_scan(scan, slab, PrepareOptions(), lambda step, fraction: None)
    took = {"read": read - started, **{step.name: step.seconds for step in prepared.steps}}
    took["infer the steps"] = perf_counter() - started - sum(took.values())
    reconstruction = reconstruct(prepared, checkpoint)
    took["reconstruct"] = perf_counter() - started - sum(took.values())
    segmentation = segment(reconstruction, config)
    took["segment"] = perf_counter() - started - sum(took.values())
    export(reconstruction, segmentation, config, "x")
    took["export"] = perf_counter() - started - sum(took.values())
    return took, scan.array.nbytes


def _seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


if __name__ == "__main__":
    for line in (*bench_import(), *bench_scan(*map(Path, sys.argv[1:2]))):
        print(line, flush=True)
