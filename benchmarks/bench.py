"""`make bench`: the README's figures of speed, as ratios against the plain way on the same machine in the same run.

Beside each lies its floor, and at the end each step's growth is fitted; `--growth FILE.png` draws it.
"""

import argparse
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage

from benchmarks.floors import beside_floor, operations, timed
from benchmarks.growth import bench_growth
from benchmarks.precision import bench_precision
from benchmarks.scan_steps import bench_import, bench_scan
from benchmarks.train import bench_train
from uad_core.models import MODELS, AnomalyModel
from uad_core.models.checkpoint import build_model
from uad_core.pipeline.postprocess import MEDIAN_SIZES, PostprocessConfig, erode, segment_residual

REPEATS = 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the growth is drawn."""
    parser.add_argument("--growth", type=Path, help="PNG file to draw each step's growth to (default: none)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the figures as they come, one a line."""
    speeds = (bench_import(), bench_scan(), bench_segment(), bench_train(), bench_precision(), bench_search())
    for line in chain(*speeds, bench_growth(options.growth)):
        print(line, flush=True)


def bench_segment() -> Iterator[str]:
    """`segment_residual` against scipy's median filter, threshold and label on a 256 x 256 x 20 residual."""
    rng = np.random.default_rng(0)
    values = np.abs(ndimage.gaussian_filter(rng.random((20, 256, 256)), 1) - 0.5).astype(np.float32)
    rows, columns = np.mgrid[:256, :256]
    brain_mask = np.broadcast_to(((rows - 128) / 90) ** 2 + ((columns - 128) / 70) ** 2 < 1, values.shape)
    for size in MEDIAN_SIZES[1:]:
        config = PostprocessConfig(median_size=size)
        inside = erode(brain_mask, config.erosion_mm)
        filtered, plain = timed(partial(ndimage.median_filter, values, size), repeats=1)
        threshold = float(np.quantile(filtered[inside], 0.98))
        expected, rest = timed(partial(_plain_mask, filtered, threshold, inside), repeats=1)
        found, ours = timed(partial(segment_residual, values, brain_mask, threshold, config), repeats=REPEATS)
        equal = "equal in every voxel" if np.array_equal(found, expected) else "NOT EQUAL"
        yield (
            f"segment, 256 x 256 x 20, median {size}: {1000 * ours:.1f} ms; scipy {1000 * (plain + rest):.0f} ms; "
            f"{(plain + rest) / ours:.0f} times faster; {equal}; {beside_floor(ours, values.nbytes + found.nbytes)}"
        )


def _plain_mask(filtered: np.ndarray, threshold: float, inside: np.ndarray) -> np.ndarray:
    labels, _ = ndimage.label((filtered > threshold) & inside, np.ones((3, 3, 3)))
    return (np.bincount(labels.ravel()) >= 6)[labels] & (labels > 0)


def bench_search() -> Iterator[str]:
    """AnoGAN's search for a scan of 20 slices, all at once, against one pass through sae3; on the GPU too if there is.

    Weights do not matter for time, so both are untrained. The paper took about 19 s a slice for the search.
    """
    torch.manual_seed(0)
    scan = torch.rand(20, 1, 256, 256)
    steps = MODELS["anogan"].config.search_steps
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        seconds, floors = {}, {}
        for name, repeats in (("sae3", REPEATS), ("anogan", 1)):
            model, slices = build_model(name).to(device), scan.to(device)
            model.reconstruct(slices[:1])  # what a GPU does once
            seconds[name] = timed(partial(_on_cpu, model, slices), repeats)[1] / len(slices)
            if device == "cpu":
                sums = operations(partial(model.reconstruct, slices[:1]))  # a search's steps run backwards too
                floors[name] = f" ({beside_floor(seconds[name], sums=sums)})"
        yield (
            f"reconstruction, {device}: anogan, {steps} steps for 20 slices at once, {seconds['anogan']:.2f} s a "
            f"slice{floors.get('anogan', '')}; sae3 {seconds['sae3']:.3f} s{floors.get('sae3', '')}; "
            f"{seconds['anogan'] / seconds['sae3']:.0f} times slower"
        )


def _on_cpu(model: AnomalyModel, slices: torch.Tensor) -> torch.Tensor:
    return model.reconstruct(slices).cpu()  # waits for a GPU
