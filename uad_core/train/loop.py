"""`train`: a whole training on one screen. Load, epochs, calibration, checkpoint, as a generator of progress."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from threading import Event
from time import perf_counter
from typing import cast

import torch

from uad_core.models.checkpoint import build_model, take_weights
from uad_core.train.board import open_board
from uad_core.train.config import Precision, Training, TrainProgress
from uad_core.train.distributed import Distributed
from uad_core.train.finish import finish
from uad_core.train.load import load
from uad_core.train.run_folder import RunFolder, reason, stop_signals
from uad_core.train.snapshot import load_snapshot
from uad_core.train.start import check_held_out
from uad_core.train.state import TrainState
from uad_core.train.step import run_steps
from uad_core.train.validation import validation_error

REPORT_SECONDS = 0.25  # between reports; each waits for the device
SETTLED_SECONDS = 10.0  # after which the end of an epoch is worth a snapshot


def train(training: Training) -> Iterator[TrainProgress]:
    """Train on the healthy subjects of the cohorts, calibrate on those held out, write the checkpoint.

    Raises ScanError: a cohort that cannot be split, or a scan that cannot be prepared; FloatingPointError: the loss is
    no number any more; no checkpoint is written; ValueError: device, precision or run folder cannot be used, as a
    sentence; OSError: the disk is full; snapshots and checkpoints are as they were.
    """
    training = _as_begun(training)
    ranks = Distributed(training.config)
    folder = RunFolder(training.run) if training.run is not None and ranks.rank == 0 else None
    with stop_signals(training.run is not None) as stop:
        stages = _stages(training, ranks, folder, stop)
        try:
            with closing(folder.recorded(stages, training) if folder else stages) as progress:
                yield from progress
        except torch.OutOfMemoryError as error:
            raise ValueError(reason(error)) from error


def _as_begun(training: Training) -> Training:
    """A resumed training keeps the precision that it began in, whatever suits the processor that it goes on with."""
    if not training.resume or training.run is None or training.config.precision != "auto":
        return training
    found = load_snapshot(training.run)
    precision = found[0].precision if found else "auto"
    return replace(training, config=replace(training.config, precision=cast(Precision, precision)))


def _stages(
    training: Training, ranks: Distributed, folder: RunFolder | None, stop: Event
) -> Generator[TrainProgress, None, None]:
    config, started = training.config, perf_counter()

    def must_stop() -> bool:
        return stop.is_set() or (folder is not None and (folder.path / "stop").exists())

    torch.manual_seed(config.seed)
    model = build_model(config.model, config.settings)
    if config.start_from:
        take_weights(model, config.start_from, training.out)
    model.to(ranks.device)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # known to torch, not to its stubs
    loaded = yield from load(training.cohorts, config, must_stop if ranks.world == 1 else None)
    if loaded is None:
        return
    check_held_out(training, loaded.splits)
    state = TrainState(training, model, loaded, ranks)  # from the newest snapshot, if this is a resumption
    board, stopped = None, False
    if folder:
        folder.write_curve(state.position.curve)  # without the epochs that a killed process did not save
        board = open_board(folder.path, state)

    while not state.over and not stopped:
        state.begin_epoch()  # or what is left of it
        reported = perf_counter()
        with closing(state.batches()) as batches:
            for batch in batches:
                losses = run_steps(state.steps, model, batch, state.share, config, ranks)
                state.count(batch, losses)
                if stopped := state.saves_and_stops(60 * config.snapshot_minutes, must_stop):
                    break
                if perf_counter() - reported > REPORT_SECONDS and state.fraction < 1:
                    reported = perf_counter()
                    yield state.progress()
        if stopped:
            break
        learned = state.progress()  # before the validation, whose time does not count
        ended = state.end_epoch(learned, validation_error(model, loaded.validation, ranks))  # keeps the best weights
        stopped = state.saves_and_stops(SETTLED_SECONDS, must_stop)
        if folder and board:
            folder.write_curve(state.position.curve)
            board.show(model, ended.epoch, state.position.curve[-1])
        yield ended
        # the processes' clocks differ: one that went on alone would wait for the others for ever
        if config.minutes is not None and any(ranks.any([perf_counter() - started > 60 * config.minutes])):
            if not state.over:
                state.snapshot()
            break

    if board:
        board.close()
    now = TrainProgress("calibrate", state.position.epoch, 0.0, validation=state.validation, epochs=config.epochs)
    if stopped:
        yield replace(now, stage="stopped", fraction=state.fraction)
        return
    yield now
    if ranks.rank == 0:
        finish(state, lambda fraction: folder.show(replace(now, fraction=fraction)) if folder else None)
    yield replace(now, stage="done", fraction=1.0)
