"""bf16 autocast against 32 bits in training: speed, and whether losses and residuals differ by more than a seed."""

from collections.abc import Iterator
from dataclasses import replace
from time import process_time

import numpy as np
import torch

from uad_core.atlas.space import PAPER_SLAB
from uad_core.cohorts.cohort import open_cohort
from uad_core.cohorts.load import load_subject
from uad_core.io.paths import SAMPLES
from uad_core.models import AnomalyModel
from uad_core.models.checkpoint import build_model
from uad_core.pipeline.reconstruct import reconstruct_slices
from uad_core.train.batches import HealthySlices, brain_frame, prefetched
from uad_core.train.config import TrainConfig
from uad_core.train.distributed import Distributed
from uad_core.train.step import make_steps, run_steps

STEPS = 150  # of the comparison of losses
LAST = 50  # of these, whose mean loss is compared
REPEATS = 5  # of the comparison of speeds, by turns
TIMED = 6  # steps of each


def bench_precision(model: str = "sae3") -> Iterator[str]:
    """Two sentences: processor time a slice in both precisions, and losses and residuals beside those of another seed.

    Processor time, unlike the clock's, does not depend on what else the machine does.
    """
    learn, held = (_slices(name) for name in ("sub-healthy01", "sub-ms01"))
    config = TrainConfig(model=model, device="cpu", precision="32")
    half = replace(config, precision="bf16")
    milliseconds: dict[str, list[float]] = {"32": [], "bf16": []}
    endless = {each.precision: _training(each, learn)[1] for each in (config, half)}
    for repeat in range(REPEATS + 1):
        for precision, steps in endless.items():
            before, seen = process_time(), sum(next(steps)[0] for _ in range(TIMED))
            if repeat:  # the first warms up
                milliseconds[precision].append(1000 * (process_time() - before) / seen)
    ratios = sorted(a / b for a, b in zip(milliseconds["32"], milliseconds["bf16"], strict=True))
    own = {key: float(np.median(times)) for key, times in milliseconds.items()}
    yield (
        f"training of {model} on the CPU, {torch.get_num_threads()} threads: {own['bf16']:.1f} ms of processor time a "
        f"slice in bf16, {own['32']:.1f} in 32 bits; {np.median(ratios):.2f} times faster ({ratios[0]:.2f} to "
        f"{ratios[-1]:.2f} in {REPEATS} repeats)"
    )
    exact, short, other = (_figures(each, learn, held) for each in (config, half, replace(config, seed=1)))
    names = (f"mean loss of the last {LAST} of {STEPS} steps", "mean residual", "98th percentile of residuals")
    parts = [
        f"{name} {a:.4f} in 32 bits, {b:.4f} in bf16, {c:.4f} with another seed"
        for name, a, b, c in zip(names, exact, short, other, strict=True)
    ]
    yield f"{model} in bf16 and in 32 bits: {'; '.join(parts)}"


def _slices(name: str) -> np.ndarray:
    """(20, 256, 256) prepared slices of a bundled scan."""
    subject = next(one for one in open_cohort(SAMPLES).subjects if one.name == name)
    return load_subject(subject, PAPER_SLAB).array


def _training(config: TrainConfig, learn: np.ndarray) -> tuple[AnomalyModel, Iterator[tuple[int, float]]]:
    """A model, and an endless training of it that says how many slices each step held, and its loss."""
    torch.manual_seed(config.seed)
    ranks = Distributed(config)
    model = build_model(config.model).to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    rows, columns = brain_frame([learn], config.augment.shift_px, model.cell_px)
    slices = HealthySlices([learn[:, rows, columns]], config.augment, config.seed)
    steps = make_steps(model, config)

    def batches() -> Iterator[tuple[int, float]]:
        for epoch in range(10**6):
            for batch in prefetched(slices.batches(epoch, config.batch_size), ranks.device):
                losses = run_steps(steps, model, batch, 0.0, config, ranks)
                yield len(batch), float(sum(losses.values()))

    return model, batches()


def _figures(config: TrainConfig, learn: np.ndarray, held: np.ndarray) -> tuple[float, float, float]:
    """Mean loss at the end of a short training, and mean and 98th percentile of its residuals on `held`."""
    model, losses = _training(config, learn)
    seen = [loss for _, (_, loss) in zip(range(STEPS), losses, strict=False)]
    residual = np.abs(held - reconstruct_slices(model, held))[held > 0]
    return float(np.mean(seen[-LAST:])), float(residual.mean()), float(np.percentile(residual, 98))
