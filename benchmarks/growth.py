"""How each step grows with what it is given: `python -m benchmarks.growth [--out FILE.png]`, part of `make bench`.

Measured at sizes by turns, the least of some repeats; the power of the size that fits best is printed and drawn: 1 is
time in proportion, 0 no growth at all.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, run
from time import perf_counter

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy import ndimage

from benchmarks.bids_app import SETTING, command, small_dataset
from uad_core.io.paths import ROOT
from uad_core.models import AnomalyModel
from uad_core.models.checkpoint import build_model
from uad_core.pipeline.postprocess import MEDIAN_SIZES, PostprocessConfig, segment_residual
from uad_core.pipeline.reconstruct import assess_slices
from uad_core.render.png import encode_figure
from uad_core.train.batches import HealthySlices, brain_frame, prefetched
from uad_core.train.config import TrainConfig
from uad_core.train.distributed import Distributed
from uad_core.train.step import make_steps, run_steps

REPEATS = 3
SLICES, BATCHES, SCANS = (5, 10, 20, 40, 80), (1, 2, 4, 8, 16), (2, 4, 8)


@dataclass(frozen=True)
class Growth:
    """Seconds of one step at several sizes."""

    step: str
    size: str  # what grows
    sizes: Sequence[int]
    seconds: Sequence[float]

    @property
    def power(self) -> float:
        """The p of seconds in proportion to size ** p that fits best."""
        return float(np.polyfit(np.log(self.sizes), np.log(self.seconds), 1)[0])

    def __str__(self) -> str:
        times = ", ".join(f"{size}: {1000 * each:.3g}" for size, each in zip(self.sizes, self.seconds, strict=True))
        return f"{self.step} over {self.size}: grows by the power {self.power:.2f} (ms at {times})"


def growths() -> Iterator[Growth]:
    """Of the steps that a user waits for, as each is measured."""
    values = _residuals(max(SLICES))
    brain = values > 0
    config = PostprocessConfig()

    def cut(count: int, setting: PostprocessConfig = config) -> object:
        return segment_residual(values[:count], brain[:count], 0.3, setting)

    yield _measured("segment", "slices", SLICES, cut)
    sizes = MEDIAN_SIZES[1:]
    yield _measured("segment", "median size", sizes, lambda size: cut(20, PostprocessConfig(median_size=size)))
    for name in ("marker", "sae3"):
        model = build_model(name).eval()
        yield _measured(f"reconstruct, {name}", "slices", SLICES[:4], partial(_assessed, values, model))
    yield _measured("training step, sae3", "batch", BATCHES, partial(_training_step, values))
    with tempfile.TemporaryDirectory() as name:
        yield _measured("BIDS App, small scans", "scans", SCANS, partial(_scans, Path(name)), repeats=1)


def _residuals(slices: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:256, :256]
    brain = ((rows - 128) / 90) ** 2 + ((columns - 128) / 70) ** 2 < 1
    smooth = ndimage.gaussian_filter(rng.random((slices, 256, 256), dtype=np.float32), 1)
    return np.where(brain, np.abs(smooth - 0.5) + 1e-3, 0).astype(np.float32)


def _assessed(values: np.ndarray, model: AnomalyModel, count: int) -> None:
    assess_slices(model, values[:count])


def _training_step(values: np.ndarray, batch: int) -> None:
    config = TrainConfig(model="sae3", batch_size=batch, device="cpu")
    ranks, model = Distributed(config), build_model("sae3").to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    rows, columns = brain_frame([values], config.augment.shift_px, model.cell_px)
    slices = HealthySlices([values[:batch, rows, columns]], config.augment, config.seed)
    steps = make_steps(model, config)
    for given in prefetched(slices.batches(0, batch), ranks.device):
        run_steps(steps, model, given, 0.0, config, ranks)


def _scans(folder: Path, count: int) -> None:
    place = Path(tempfile.mkdtemp(dir=folder))
    dataset = small_dataset(place / "dataset", count)
    run(command(dataset, place / "out", "participant", *SETTING), cwd=ROOT, check=True, stdout=DEVNULL, stderr=DEVNULL)


def _measured(
    step: str, size: str, sizes: Sequence[int], work: Callable[[int], object], repeats: int = REPEATS
) -> Growth:
    """Each size by turns, `repeats` times after one that warms up; the least, which other work disturbs least."""
    seconds = np.full((repeats, len(sizes)), np.inf)
    for repeat in range(-1 if repeats > 1 else 0, repeats):
        for column, each in enumerate(sizes):
            started = perf_counter()
            work(each)
            if repeat >= 0:
                seconds[repeat, column] = perf_counter() - started
    return Growth(step, size, sizes, [float(least) for least in seconds.min(axis=0)])


def plot(found: Sequence[Growth]) -> bytes:
    """A PNG: seconds over size, both logarithmic, with the line that was fitted."""
    figure = Figure(figsize=(3.2 * len(found) / 2, 5.6), dpi=120, layout="constrained")
    for axes, growth in zip(figure.subplots(2, -(-len(found) // 2)).flat, found, strict=False):
        sizes = np.array(growth.sizes)
        axes.loglog(sizes, growth.seconds, "o")
        fit = np.polyval(np.polyfit(np.log(sizes), np.log(growth.seconds), 1), np.log(sizes))
        axes.loglog(sizes, np.exp(fit), lw=1, label=f"power {growth.power:.2f}")
        axes.set(title=growth.step, xlabel=growth.size, ylabel="seconds")
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        axes.legend(frameon=False)
    return encode_figure(figure)


def main() -> None:
    """Print each as it is measured, and draw all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="PNG file to draw them to")
    for line in bench_growth(parser.parse_args().out):
        print(line, flush=True)


def bench_growth(out: Path | None = None) -> Iterator[str]:
    """A sentence each; then, with `out`, all drawn to that file."""
    found = []
    for growth in growths():
        found.append(growth)
        yield str(growth)
    if out:
        out.write_bytes(plot(found))


if __name__ == "__main__":
    main()
