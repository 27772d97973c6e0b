"""The epochs of one training: its state, and what happens within and after each."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from time import perf_counter

import torch
from torch import Tensor

from uad_core.models import AnomalyModel
from uad_core.train.batches import HealthySlices, brain_frame
from uad_core.train.config import TrainConfig, TrainProgress
from uad_core.train.distributed import Distributed
from uad_core.train.load import Loaded
from uad_core.train.prefetch import prefetched
from uad_core.train.snapshot import Position, load_snapshot, pack, save_snapshot, unpack
from uad_core.train.step import make_steps, run_steps
from uad_core.train.validation import validation_error

SHOW_SECONDS = 0.25  # between reports; each waits for the device
SETTLED_SECONDS = 10.0  # after which the end of an epoch is worth a snapshot


class Trainer:
    """A model in training. `stopped` says whether it was asked to end before it was done."""

    def __init__(
        self,
        model: AnomalyModel,
        config: TrainConfig,
        loaded: Loaded,
        ranks: Distributed,
        run: Path | None,
        asked_to_stop: Callable[[], bool],
        resume: bool,
    ) -> None:
        self.model, self.config, self.loaded, self.ranks, self.run = model, config, loaded, ranks, run
        rows, columns = brain_frame(loaded.learn, config.augment.shift_px, model.cell_px)
        arrays = [array[:, rows, columns] for array in loaded.learn]
        self.slices = HealthySlices(arrays, config.augment, config.seed)
        self.steps = make_steps(model, config)
        self.position = Position(world=ranks.world)
        self.best: dict[str, Tensor] | None = None
        self.stopped = False
        self._asked_to_stop = asked_to_stop
        self._sums: dict[str, Tensor] = {}
        if ranks.world > 1:
            torch.manual_seed(config.seed + 1_000_003 * ranks.rank)  # after the weights were drawn alike
        if resume and run is not None and (found := load_snapshot(run)):
            self._take_up(*found)
        self._started = self._saved = perf_counter()
        self._seconds_before = self.position.seconds

    @property
    def over(self) -> bool:
        """Whether no epoch is left, or early stopping ends it."""
        at = self.position
        waited = at.epoch - 1 - at.best_epoch if at.best_epoch >= 0 else 0
        return (
            not self.steps
            or at.epoch >= self.config.epochs
            or (self.config.patience is not None and waited >= self.config.patience)
        )

    @property
    def validation(self) -> float:
        """Of the last epoch; NaN before the first."""
        return float(self.position.curve[-1]["validation"]) if self.position.curve else math.nan

    @property
    def seconds(self) -> float:
        """Of all calls."""
        return self._seconds_before + perf_counter() - self._started

    def one_epoch(self) -> Generator[TrainProgress, None, None]:
        """The rest of the epoch at hand; sets `stopped` and returns early when asked to stop.

        Raises:
            FloatingPointError: a loss or weight is no number any more, as a sentence.
        """
        at, config = self.position, self.config
        self.model.train()
        self._sums = {key: self._exact(torch.tensor(value)) for key, value in at.sums.items()}
        started = shown = perf_counter()
        seen_before = at.seen
        batches = self.slices.batches(at.epoch, config.batch_size, at.batch)
        with closing(prefetched(batches, self.ranks.device)) as ready:
            for batch in ready:
                share = (at.epoch + at.seen / self.slices.per_epoch) / config.epochs
                terms = run_steps(self.steps, self.model, batch, share, config, self.ranks)
                for key, value in terms.items():
                    self._sums[key] = self._sums.get(key, 0.0) + self._exact(value) * len(batch)
                at.batch, at.seen, at.images = at.batch + 1, at.seen + len(batch), at.images + len(batch)
                if self._stop_or_save():
                    return
                if perf_counter() - shown > SHOW_SECONDS and at.seen < self.slices.per_epoch:
                    shown = perf_counter()
                    yield self._progress(self._means(), (at.seen - seen_before) / (shown - started))
        losses = self._means()
        done = at.seen - seen_before
        speed = done / (perf_counter() - started) if done else math.nan  # resumed after the last batch
        self._end_epoch(losses, speed)
        yield self._progress(losses, speed, ended=True)

    def snapshot(self) -> None:
        """Write all there is to resume from; every process must call this at the same point."""
        random = self.ranks.gather(torch.get_rng_state())
        if self.ranks.device.type == "cuda":
            random += self.ranks.gather(torch.cuda.get_rng_state(self.ranks.device))
        self.position.sums = {key: value.item() for key, value in self._sums.items()}
        self.position.seconds = self.seconds
        if self.run is not None and self.ranks.rank == 0:
            tensors = pack(self.model, [step.optimiser for step in self.steps], self.best, random)
            save_snapshot(self.run, self.position, tensors)
        self._saved = perf_counter()

    def _take_up(self, position: Position, tensors: dict[str, Tensor]) -> None:
        self.best, random = unpack(tensors, self.model, [step.optimiser for step in self.steps])
        if position.world == self.ranks.world:  # else the numbers drawn from here on are new ones
            torch.set_rng_state(random[self.ranks.rank])
            if self.ranks.device.type == "cuda" and len(random) == 2 * position.world:
                torch.cuda.set_rng_state(random[position.world + self.ranks.rank], self.ranks.device)
        position.world = self.ranks.world
        self.position = position

    def _stop_or_save(self) -> bool:
        """Between two batches; processes that are many ask each other every eighth."""
        if self.run is None or (self.ranks.world > 1 and self.position.batch % 8):
            return False
        due = perf_counter() - self._saved > 60 * self.config.snapshot_minutes
        stop, save = self.ranks.any([self._asked_to_stop(), due])
        if stop or save:
            self._means()  # raises rather than keeping what is no number
            self.snapshot()
        self.stopped = stop
        return stop

    def _end_epoch(self, losses: dict[str, float], speed: float) -> None:
        at = self.position
        state = self.model.state_dict()
        if not all(bool(torch.isfinite(value).all()) for value in state.values() if value.is_floating_point()):
            raise FloatingPointError("The weights are no numbers any more; try a lower learning rate or --clip-norm 1.")
        error = validation_error(self.model, self.loaded.validation, self.ranks)
        rounded = {key: round(value, 6) for key, value in losses.items()}
        at.curve.append({"epoch": at.epoch, **rounded, "validation": error, "images_per_second": round(speed, 1)})
        if error < at.best:
            at.best, at.best_epoch = error, at.epoch
            self.best = {key: value.clone() for key, value in state.items()}
        at.epoch, at.batch, at.seen, at.sums, self._sums = at.epoch + 1, 0, 0, {}, {}
        if self.run is not None:
            late = perf_counter() - self._saved > SETTLED_SECONDS
            stop, save = self.ranks.any([self._asked_to_stop(), late])
            self.stopped = stop and not self.over
            if self.stopped or save or self.over:
                self.snapshot()

    def _means(self) -> dict[str, float]:
        means = {key: value.item() / max(self.position.seen, 1) for key, value in self._sums.items()}
        for key, value in means.items():
            if not math.isfinite(value):
                raise FloatingPointError(
                    f"Loss {key} is no number any more; try a lower learning rate or --clip-norm 1."
                )
        return means

    def _exact(self, value: Tensor) -> Tensor:
        """Sums in float64 repeat to the bit through a snapshot."""
        return value.to(self.ranks.device, torch.float32 if self.ranks.device.type == "mps" else torch.float64)

    def _progress(self, losses: dict[str, float], speed: float, ended: bool = False) -> TrainProgress:
        at, epochs = self.position, self.config.epochs
        epoch = at.epoch - ended
        left = ((epochs - at.epoch) * self.slices.per_epoch - at.seen) / speed
        if self.config.minutes is not None:
            left = min(left, max(60 * self.config.minutes - (perf_counter() - self._started), 0.0))
        fraction = 1.0 if ended else at.seen / self.slices.per_epoch
        return TrainProgress("train", epoch, fraction, losses, self.validation, speed, left, epochs)
