"""Figures that the README claims, as ratios against the plain way on the same machine in the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter

import numpy as np
from scipy import ndimage

from uad_core.checkpoint import checkpoint_names, load_checkpoint
from uad_core.data import SAMPLES
from uad_core.detect import Wishes, prepare_scan
from uad_core.metrics import dice
from uad_core.nifti import read_mask
from uad_core.pipeline import DetectConfig, reconstruct
from uad_core.pipeline import segment as detect
from uad_core.postprocess import MEDIAN_SIZES, PostprocessConfig, erode, segment

REPEATS = 7


def bench() -> Iterator[str]:
    """Lines to print, one a measurement."""
    yield from bench_segment()
    yield from bench_bundled()


def bench_segment() -> Iterator[str]:
    """`segment` against scipy's median filter, threshold and label on a 256 x 256 x 20 residual."""
    rng = np.random.default_rng(0)
    values = np.abs(ndimage.gaussian_filter(rng.random((20, 256, 256)), 1) - 0.5).astype(np.float32)
    rows, columns = np.mgrid[:256, :256]
    brain_mask = np.broadcast_to(((rows - 128) / 90) ** 2 + ((columns - 128) / 70) ** 2 < 1, values.shape)
    for size in MEDIAN_SIZES[1:]:
        config = PostprocessConfig(median_size=size)
        inside = erode(brain_mask, config.erosion_mm)
        filtered, plain = timed(partial(ndimage.median_filter, values, size), repeats=1)
        threshold = float(np.quantile(filtered[inside], 0.98))

        def label(
            filtered: np.ndarray = filtered, threshold: float = threshold, inside: np.ndarray = inside
        ) -> np.ndarray:
            labels, _ = ndimage.label((filtered > threshold) & inside, np.ones((3, 3, 3)))
            return (np.bincount(labels.ravel()) >= 6)[labels] & (labels > 0)

        expected, rest = timed(label, repeats=1)
        found, ours = timed(partial(segment, values, brain_mask, threshold, config), repeats=REPEATS)
        equal = "equal in every voxel" if np.array_equal(found, expected) else "NOT EQUAL"
        yield (
            f"segment, 256 x 256 x 20, median {size}: {1000 * ours:.1f} ms; scipy {1000 * (plain + rest):.0f} ms; "
            f"{(plain + rest) / ours:.0f} times faster; {equal}"
        )


def bench_bundled() -> Iterator[str]:
    """Every checkpoint on the bundled, simulated MS scans, beside plain intensity: what is bright is a lesion.

    "Best" figures are best cases: the threshold is picked on the truth, which no user has.
    """
    for name in checkpoint_names():
        checkpoint = load_checkpoint(name)
        for path in sorted(SAMPLES.glob("*ms*_FLAIR.nii.gz")):
            prepared = prepare_scan(path, checkpoint.slab, Wishes(), lambda step, fraction: None)
            truth = prepared.to_slab(read_mask(path.with_name(path.name.replace("FLAIR", "lesion")), prepared.scan))
            reconstruction = reconstruct(prepared, checkpoint)
            at_98 = dice(detect(reconstruction, DetectConfig()).mask, truth)
            best = {
                "residual": best_dice(reconstruction.residual("absolute"), prepared.brain_mask, truth),
                "positive residual": best_dice(reconstruction.residual("positive"), prepared.brain_mask, truth),
                "plain intensity": best_dice(prepared.array, prepared.brain_mask, truth),
            }
            figures = ", ".join(f"{what} {score:.2f}" for what, score in best.items())
            subject = path.name.removesuffix("_FLAIR.nii.gz")
            yield (
                f"{name} on {subject} (simulated): Dice {at_98:.2f} at the 98th healthy percentile; "
                f"best case over thresholds, median 3: {figures}"
            )


def best_dice(values: np.ndarray, brain_mask: np.ndarray, truth: np.ndarray) -> float:
    """Highest Dice over a hundred thresholds, with a 3 x 3 x 3 median: a best case, never a result."""
    config = PostprocessConfig(median_size=3)
    thresholds = np.quantile(values[brain_mask], np.linspace(0.8, 0.9999, 100))
    return max(dice(segment(values, brain_mask, float(threshold), config), truth) for threshold in thresholds)


def timed(work: Callable[[], np.ndarray], repeats: int) -> tuple[np.ndarray, float]:
    """The result, and the median of the seconds that `repeats` runs took."""
    seconds = []
    for _ in range(repeats):
        started = perf_counter()
        result = work()
        seconds.append(perf_counter() - started)
    return result, float(np.median(seconds))
