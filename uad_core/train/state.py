"""The state of a training: weights, optimisers, how far it is, and the way into a snapshot and back."""

import math
from collections.abc import Callable, Generator
from dataclasses import replace
from time import perf_counter

import torch
from torch import Tensor

from uad_core.models import AnomalyModel
from uad_core.train.batches import HealthySlices, brain_frame, prefetched
from uad_core.train.config import Training, TrainProgress
from uad_core.train.distributed import Distributed
from uad_core.train.load import Loaded
from uad_core.train.snapshot import Position, load_snapshot, pack, save_snapshot, unpack
from uad_core.train.step import make_steps

DIVERGED = "is no number any more; try a lower learning rate or --clip-norm 1."
ASK_EVERY = 8  # batches: so often do several processes ask each other whether to stop


class TrainState:
    """A model in training, from the newest snapshot where the training is resumed and there is one."""

    def __init__(self, training: Training, model: AnomalyModel, loaded: Loaded, ranks: Distributed) -> None:
        self.training, self.model, self.loaded, self.ranks = training, model, loaded, ranks
        config = self.config = training.config
        rows, columns = brain_frame(loaded.learn, config.augment.shift_px, model.cell_px, model.frame)
        arrays = [array[:, rows, columns] for array in loaded.learn]
        self._slices = HealthySlices(arrays, config.augment, config.seed, loaded.learn_levels, model.context)
        self.steps = make_steps(model, config)  # none for a model without gradients
        self.position = Position(world=ranks.world, precision=ranks.precision)
        self.best: dict[str, Tensor] | None = None  # the weights with the lowest validation error so far
        self._sums: dict[str, Tensor] = {}  # of loss terms over the slices of this epoch
        if ranks.world > 1:
            torch.manual_seed(config.seed + 1_000_003 * ranks.rank)  # after the weights were drawn alike
        if training.resume and training.run is not None and (found := load_snapshot(training.run)):
            self._take_up(*found)
        self._started = self._saved = perf_counter()
        self._seconds_before = self.position.seconds
        self._epoch_started, self._seen_before = self._started, self.position.seen

    @property
    def over(self) -> bool:
        """Whether no epoch is left, or early stopping ends it."""
        at, patience = self.position, self.config.patience
        waited = at.epoch - 1 - at.best_epoch if at.best_epoch >= 0 else 0
        return not self.steps or at.epoch >= self.config.epochs or (patience is not None and waited >= patience)

    @property
    def fraction(self) -> float:
        """Of this epoch that is done, [0, 1]."""
        return self.position.seen / self._slices.per_epoch

    @property
    def share(self) -> float:
        """Of the training that is done, [0, 1]."""
        return (self.position.epoch + self.fraction) / self.config.epochs

    @property
    def validation(self) -> float:
        """Error of the last epoch; NaN before the first."""
        return float(self.position.curve[-1]["validation"]) if self.position.curve else math.nan

    @property
    def seconds(self) -> float:
        """Since the training began, without the time between a stop and a resumption."""
        return self._seconds_before + perf_counter() - self._started

    def begin_epoch(self) -> None:
        """Go on with the epoch at hand, from its first batch or from where a snapshot was taken."""
        self.model.train()
        self._sums = {key: self._exact(torch.tensor(value)) for key, value in self.position.sums.items()}
        self._epoch_started, self._seen_before = perf_counter(), self.position.seen

    def batches(self) -> Generator[Tensor, None, None]:
        """What is left of this epoch: (B, C, H, W) on the device."""
        at = self.position
        return prefetched(self._slices.batches(at.epoch, self.config.batch_size, at.batch), self.ranks.device)

    def count(self, batch: Tensor, losses: dict[str, Tensor]) -> None:
        """One more batch is learnt. The losses stay on the device, as reading them waits for it."""
        at = self.position
        for key, value in losses.items():
            self._sums[key] = self._sums.get(key, 0.0) + self._exact(value) * len(batch)
        at.batch, at.seen, at.images = at.batch + 1, at.seen + len(batch), at.images + len(batch)

    def progress(self) -> TrainProgress:
        """Where this epoch stands. Raises FloatingPointError where a loss is no number any more."""
        at, config = self.position, self.config
        losses, done = self._means(), at.seen - self._seen_before
        speed = done / (perf_counter() - self._epoch_started) if done else math.nan  # resumed after the last batch
        left = ((config.epochs - at.epoch) * self._slices.per_epoch - at.seen) / speed
        if config.minutes is not None:
            left = min(left, max(60 * config.minutes - (perf_counter() - self._started), 0.0))
        return TrainProgress("train", at.epoch, self.fraction, losses, self.validation, speed, left, config.epochs)

    def end_epoch(self, learned: TrainProgress, error: float) -> TrainProgress:
        """The epoch is over; keep its weights if the validation's `error` is the lowest. Raises FloatingPointError."""
        at, weights = self.position, self.model.state_dict()
        if not all(bool(torch.isfinite(value).all()) for value in weights.values() if value.is_floating_point()):
            raise FloatingPointError(f"A weight {DIVERGED}")
        rounded = {key: round(value, 6) for key, value in learned.losses.items()}
        speed = round(learned.images_per_second, 1)
        at.curve.append({"epoch": at.epoch, **rounded, "validation": error, "images_per_second": speed})
        if error < at.best:
            at.best, at.best_epoch = error, at.epoch
            self.best = {key: value.clone() for key, value in weights.items()}
        at.epoch, at.batch, at.seen, at.sums, self._sums = at.epoch + 1, 0, 0, {}, {}
        return replace(learned, fraction=1.0, validation=error)

    def saves_and_stops(self, seconds: float, must_stop: Callable[[], bool]) -> bool:
        """Between two batches or epochs: take a snapshot if that is due; returns whether the training stops here.

        A snapshot is due `seconds` after the last one, when the training stops, and when it is over. Without a run
        folder there is none. Processes that are many call this at the same points.
        """
        if self.training.run is None or (self.ranks.world > 1 and self.position.batch % ASK_EVERY):
            return False
        stop, late = self.ranks.any([must_stop(), perf_counter() - self._saved > seconds])
        if stop or late or self.over:
            self._means()  # raises rather than keeping what is no number
            self.snapshot()
        return stop and not self.over

    def snapshot(self) -> None:
        """Write all there is to resume from, if there is a run folder; every process calls this at the same point."""
        if self.training.run is None:
            return
        random = self.ranks.gather(torch.get_rng_state())
        if self.ranks.device.type == "cuda":
            random += self.ranks.gather(torch.cuda.get_rng_state(self.ranks.device))
        self.position.sums = {key: value.item() for key, value in self._sums.items()}
        self.position.seconds = self.seconds
        if self.ranks.rank == 0:
            tensors = pack(self.model, [step.optimiser for step in self.steps], self.best, random)
            save_snapshot(self.training.run, self.position, tensors)
        self._saved = perf_counter()

    def _take_up(self, position: Position, tensors: dict[str, Tensor]) -> None:
        self.best, random = unpack(tensors, self.model, [step.optimiser for step in self.steps])
        if position.world == self.ranks.world:  # else the numbers drawn from here on are new ones
            torch.set_rng_state(random[self.ranks.rank])
            if self.ranks.device.type == "cuda" and len(random) == 2 * position.world:
                torch.cuda.set_rng_state(random[position.world + self.ranks.rank], self.ranks.device)
        position.world, position.precision = self.ranks.world, self.ranks.precision
        self.position = position

    def _means(self) -> dict[str, float]:
        means = {key: value.item() / max(self.position.seen, 1) for key, value in self._sums.items()}
        for key, value in means.items():
            if not math.isfinite(value):
                raise FloatingPointError(f"Loss {key} {DIVERGED}")
        return means

    def _exact(self, value: Tensor) -> Tensor:
        """Sums in float64 repeat to the bit through a snapshot."""
        return value.to(self.ranks.device, torch.float32 if self.ranks.device.type == "mps" else torch.float64)
