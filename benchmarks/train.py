"""Training throughput of our loop against the plain one: same machine, same run, same slices, same changes to them."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import perf_counter

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from benchmarks.floors import beside_floor, operations
from uad_core.models.checkpoint import build_model
from uad_core.train.batches import AugmentConfig, HealthySlices, augment, brain_frame, prefetched
from uad_core.train.config import TrainConfig
from uad_core.train.distributed import Distributed
from uad_core.train.step import make_steps, run_steps

REPEATS = 5
SECONDS = 8.0  # of each measurement, after a warm-up of as many batches as caches and clocks need
WARM_UP = 3


class PlainSlices(Dataset[torch.Tensor]):
    """The same slices and changes to them as a Dataset, one at a time."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, index: int) -> torch.Tensor:
        rng = np.random.default_rng((0, 0, index))
        return torch.from_numpy(augment(self._array[index], AugmentConfig(), rng))[None]


def bench_train(model: str = "sae3", batch_size: int = 8) -> Iterator[str]:
    """Images per second of both loops by turns, medians and their ratio; on CUDA also how busy the GPU is."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:256, :256]
    brain = ((rows - 128) / 90) ** 2 + ((columns - 128) / 70) ** 2 < 1
    array = rng.random((512, 256, 256), dtype=np.float32) * brain
    config = TrainConfig(model=model, batch_size=batch_size)
    ranks = Distributed(config)
    ours, plain = _ours(config, ranks, array), _plain(config, ranks.device, array)
    rates: dict[str, list[float]] = {"ours": [], "plain": []}
    busy: list[float] = []
    for _ in range(REPEATS):
        rates["plain"].append(images_per_second(plain, ranks.device))
        with _gpu_use(ranks.device, busy):
            rates["ours"].append(images_per_second(ours, ranks.device))
    ours_rate, plain_rate = float(np.median(rates["ours"])), float(np.median(rates["plain"]))
    ratios = sorted(a / b for a, b in zip(rates["ours"], rates["plain"], strict=True))
    yield (
        f"training of {model}, batches of {batch_size}, {ranks.device.type}, {torch.get_num_threads()} threads: "
        f"{ours_rate:.1f} images/s; plain loop {plain_rate:.1f}; {np.median(ratios):.2f} times faster "
        f"({ratios[0]:.2f} to {ratios[-1]:.2f} in {REPEATS} repeats)"
        + (f"; GPU busy {np.mean(busy):.0f} % of the time" if busy else f"; {_floor(config, ours_rate)}")
    )


def _floor(config: TrainConfig, rate: float) -> str:
    """Of one slice, forwards and backwards, in the precision that the loop trains in."""
    model = build_model(config.model, config.settings)
    (objective,) = model.objectives()
    slices = torch.rand(1, 1, 256, 256)
    sums = operations(lambda: torch.stack(list(objective.terms(slices).values())).sum().backward())
    dtype = torch.bfloat16 if Distributed(config).precision == "bf16" else torch.float32
    return beside_floor(1 / rate, sums=sums, dtype=dtype) + " a slice"


def images_per_second(batches: Iterator[int], device: torch.device) -> float:
    """Of an endless iterator that trains on one batch at each step and says how many slices it held."""
    for _ in range(WARM_UP):
        next(batches)
    _wait(device)
    started, seen = perf_counter(), 0
    while perf_counter() - started < SECONDS:
        seen += next(batches)
        if seen % 512 == 0:
            _wait(device)  # else the host runs ahead of the clock
    _wait(device)
    return seen / (perf_counter() - started)


def _ours(config: TrainConfig, ranks: Distributed, array: np.ndarray) -> Iterator[int]:
    torch.manual_seed(0)
    model = build_model(config.model, config.settings).to(ranks.device)
    model.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]  # as in the loop
    steps = make_steps(model, config)
    rows, columns = brain_frame([array], config.augment.shift_px, model.cell_px)
    slices = HealthySlices([array[:, rows, columns]], config.augment, config.seed)
    for epoch in range(10**6):
        for batch in prefetched(slices.batches(epoch, config.batch_size), ranks.device):
            run_steps(steps, model, batch, 0.0, config, ranks)
            yield len(batch)


def _plain(config: TrainConfig, device: torch.device, array: np.ndarray) -> Iterator[int]:
    """fp32, contiguous, DataLoader and Adam as they come, the loss read at every step."""
    torch.manual_seed(0)
    model = build_model(config.model, config.settings).to(device).train()
    (objective,) = model.objectives()
    optimiser = torch.optim.Adam(objective.parameters, objective.learning_rate)
    loader = DataLoader(PlainSlices(array), config.batch_size, shuffle=True)
    total = 0.0
    while True:
        for batch in loader:
            batch = batch.to(device)
            optimiser.zero_grad()
            loss = torch.stack(list(objective.terms(batch).values())).sum()
            loss.backward()
            optimiser.step()
            total += loss.item()
            yield len(batch)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def _gpu_use(device: torch.device, busy: list[float]) -> Iterator[None]:
    """How busy the GPU is by nvidia-smi, in per cent, is added to `busy` twice a second."""
    query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
    done = Event()

    def watch() -> None:
        while not done.wait(0.5):
            busy.append(float(subprocess.run(query, capture_output=True, text=True).stdout.split()[0]))

    thread = Thread(target=watch, daemon=True)
    if device.type == "cuda":
        thread.start()
    try:
        yield
    finally:
        done.set()
        if thread.is_alive():
            thread.join()
