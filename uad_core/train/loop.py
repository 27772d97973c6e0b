"""`train`: load, epochs, calibration, checkpoint; told as a generator of Progress."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
import torch

from uad_core.cohorts.cohort import Cohort
from uad_core.io.errors import sentence
from uad_core.models import MODELS, AnomalyModel
from uad_core.models.checkpoint import build_model
from uad_core.train.board import Board
from uad_core.train.config import TrainConfig, TrainProgress
from uad_core.train.distributed import Distributed
from uad_core.train.finish import finish
from uad_core.train.load import load
from uad_core.train.run_folder import RunFolder
from uad_core.train.signals import stop_signals
from uad_core.train.trainer import Trainer


def train(
    cohorts: Sequence[Cohort],
    config: TrainConfig,
    out: Path,
    name: str,
    command: str = "",
    resume: bool = False,
    run: Path | None = None,
) -> Iterator[TrainProgress]:
    """Train on the healthy subjects of `cohorts`, calibrate on those held out, write the checkpoint.

    Args:
        out: folder that gets `name`.safetensors and `name`.json, of the epoch with the best validation.
        command: how to run this again, for the record.
        resume: go on from the newest whole snapshot in `run`, if there is one.
        run: folder to watch, stop and resume the training by (see `run_folder`); None: nothing of that, and
            Ctrl-C ends the process as usual.

    Raises:
        ScanError: a cohort that cannot be split, or a scan that cannot be prepared.
        FloatingPointError: the loss is no number any more; no checkpoint is written.
        ValueError: device, precision or run folder cannot be used, as a sentence.
        OSError: the disk is full; snapshots and checkpoints are as they were.
    """
    ranks = Distributed(config)
    folder = RunFolder(run) if run is not None and ranks.rank == 0 else None
    if folder:
        folder.open(resume)
        if not resume:
            folder.write_settings(config, cohorts, name, out, command)
    now = TrainProgress("load", 0, 0.0, epochs=config.epochs)
    with stop_signals(run is not None) as wish:

        def asked_to_stop() -> bool:
            return bool(wish) or (folder is not None and folder.wants_stop())

        try:
            stages = _stages(cohorts, config, out, name, command, resume, run, ranks, folder, asked_to_stop)
            with closing(stages):
                for now in stages:
                    if folder:
                        folder.show(now)
                    yield now
                    if now.stage == "load" and ranks.world == 1 and asked_to_stop():
                        now = replace(now, stage="stopped")
                        if folder:
                            folder.show(now)
                        yield now
                        return
        except Exception as error:
            reason = _sentence(error)
            if folder:
                with suppress(OSError):
                    folder.show(replace(now, stage="failed"), reason)
            if isinstance(error, torch.OutOfMemoryError):
                raise ValueError(reason) from error
            raise
        finally:
            if folder:
                folder.close()


def _stages(
    cohorts: Sequence[Cohort],
    config: TrainConfig,
    out: Path,
    name: str,
    command: str,
    resume: bool,
    run: Path | None,
    ranks: Distributed,
    folder: RunFolder | None,
    asked_to_stop: Callable[[], bool],
) -> Generator[TrainProgress, None, None]:
    started = perf_counter()
    torch.manual_seed(config.seed)
    model = build_model(config.model, config.settings).to(ranks.device)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # known to torch, not to its stubs
    loaded = yield from load(cohorts, config)
    trainer = Trainer(model, config, loaded, ranks, run, asked_to_stop, resume)
    board = None
    if folder:
        folder.write_curve(trainer.position.curve)
        invents = MODELS[config.model].samples and not _validates(model, loaded.validation, ranks.device)
        board = Board(folder.path, loaded.validation, invents, trainer.position.epoch)
    while not trainer.over and not trainer.stopped:
        for progress in trainer.one_epoch():
            if folder and board and progress.fraction == 1.0:
                folder.write_curve(trainer.position.curve)
                row = {key: value for key, value in trainer.position.curve[-1].items() if key != "epoch"}
                board.show(model, progress.epoch, row)
            yield progress
        if config.minutes is not None and any(ranks.any([perf_counter() - started > config.minutes * 60])):
            if run is not None and not trainer.over:
                trainer.snapshot()
            break
    if board:
        board.close()
    at = trainer.position
    end = TrainProgress("calibrate", at.epoch, 0.0, validation=trainer.validation, epochs=config.epochs)
    if trainer.stopped:
        yield replace(end, stage="stopped", fraction=at.seen / trainer.slices.per_epoch)
        return
    yield end
    if ranks.rank == 0:

        def show(fraction: float) -> None:
            if folder:
                folder.show(replace(end, fraction=fraction))

        finish(trainer, out, name, command, show)
    yield replace(end, stage="done", fraction=1.0)


def _validates(model: AnomalyModel, slices: np.ndarray, device: torch.device) -> bool:
    """Whether the model has an error per held-out slice."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []), torch.no_grad():
        return not bool(model.validation(torch.from_numpy(slices[:1])[:, None].to(device)).isnan().any())


def _sentence(error: Exception) -> str:
    if isinstance(error, torch.OutOfMemoryError):
        return "The device has too little memory for this; try a smaller --batch-size."
    return sentence(error)
