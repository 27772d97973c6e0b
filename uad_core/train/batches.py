"""What a model sees in training: slices in a drawn order, each changed a little, all from memory."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Event, Thread

import numpy as np
import torch
from torch import Tensor

from uad_core.atlas.masks import bounding_box
from uad_core.atlas.space import Frame


@dataclass(frozen=True)
class AugmentConfig:
    """Changes that leave a healthy slice healthy."""

    flip: bool = True  # left and right, every other time
    shift_px: int = 4  # up to, along rows and columns: registration is never exact
    gamma: float = 0.15  # exponent between 1 / (1 + gamma) and 1 + gamma: contrast differs between scanners
    thick_mm: int = 0  # half of a scan's slices are seen as thick as that at most, as in a scan of few slices


@dataclass(frozen=True, eq=False)
class HealthySlices:
    """Training slices of several cohorts, all in memory."""

    arrays: Sequence[np.ndarray]  # per cohort (N, 256, 256) float32 or float16
    augment: AugmentConfig
    seed: int
    levels: Sequence[np.ndarray] = ()  # per cohort (N,), where in the atlas each is; needed for a context alone
    context: tuple[int, ...] = ()  # of the model: levels that come as channels behind each slice

    @property
    def per_epoch(self) -> int:
        """Slices of all cohorts, rounded up so that each can give as many as the others."""
        return -(-sum(map(len, self.arrays)) // len(self.arrays)) * len(self.arrays)

    def batches(self, epoch: int, batch_size: int, first_batch: int = 0) -> Iterator[np.ndarray]:
        """(B, C, 256, 256) float32 from `first_batch` on; order and augmentation follow from seed, epoch, index.

        Every cohort fills an equal share of an epoch, so that few real slices are not drowned in many simulated ones; a
        small cohort comes round several times. The last batch may be smaller.
        """
        order = self._order(epoch)
        for first in range(first_batch * batch_size, len(order), batch_size):
            changed = []
            for position, (cohort, index) in enumerate(order[first : first + batch_size], first):
                rng = np.random.default_rng((self.seed, epoch, position))
                thick = self.augment.thick_mm >= 3 and rng.random() < 0.5
                reach = int(rng.integers(1, (self.augment.thick_mm - 1) // 2 + 1)) if thick else 0
                changed.append(augment(self._stack(cohort, index, reach), self.augment, rng))
            yield np.stack(changed)

    def _stack(self, cohort: int, index: int, reach: int) -> np.ndarray:
        """(C, 256, 256): a slice, and the levels of its scan around it, 0 where there are none."""
        array = self.arrays[cohort]
        stack = np.zeros((1 + len(self.context), *array.shape[1:]), array.dtype)
        for channel, offset in enumerate((0, *self.context)):
            if offset == 0 or self._is_neighbour(cohort, index, offset):
                stack[channel] = self._slice(cohort, index + offset, reach)
        return stack

    def _slice(self, cohort: int, index: int, reach: int) -> np.ndarray:
        """(256, 256): the mean of the levels that lie within `reach` of one, in the outline of that one."""
        array, around = self.arrays[cohort], range(index - reach, index + reach + 1)
        part = [array[one] for one in around if one == index or self._is_neighbour(cohort, index, one - index)]
        return np.where(array[index] > 0, np.mean(part, axis=0, dtype=np.float32), 0) if reach else array[index]

    def _is_neighbour(self, cohort: int, index: int, offset: int) -> bool:
        """Whether all slices up to there follow level upon level, as those of one scan do."""
        first, last = sorted((index, index + offset))
        levels = self.levels[cohort][max(first, 0) : last + 1]
        return len(levels) == abs(offset) + 1 and bool((np.diff(levels.astype(int)) == 1).all())

    def _order(self, epoch: int) -> list[tuple[int, int]]:
        """(cohort, index) of each slice of an epoch."""
        rng, share = np.random.default_rng((self.seed, epoch)), self.per_epoch // len(self.arrays)
        drawn: list[tuple[int, int]] = []
        for cohort, array in enumerate(self.arrays):
            rounds = [rng.permutation(len(array)) for _ in range(-(-share // len(array)))]
            drawn += [(cohort, int(index)) for index in np.concatenate(rounds)[:share]]
        return [drawn[i] for i in rng.permutation(len(drawn))]


def brain_frame(arrays: Sequence[np.ndarray], margin_px: int, cell_px: int | None, own: Frame | None = None) -> Frame:
    """The part of (N, H, W) slices that holds all brain and `margin_px` around it; the rest is black in every one.

    A convolutional model pads with 0 anyway, so it learns the same from half the pixels. The frame keeps to the grid of
    `cell_px`, on which the model works, and lies evenly about the middle column, so that a flip leaves the brain in
    place; a model's `own` frame comes first, if it is wide enough. Without `cell_px`: the whole slice.
    """
    height, width = arrays[0].shape[1:]
    shown = np.any([array.any(axis=0) for array in arrays], axis=0)
    if cell_px is None or not shown.any():
        return slice(0, height), slice(0, width)
    rows, columns = bounding_box(shown)
    if own is not None and all(
        frame.start + margin_px <= found.start and found.stop <= frame.stop - margin_px
        for frame, found in zip(own, (rows, columns), strict=True)
    ):
        return own
    top = max(0, (rows.start - margin_px) // cell_px * cell_px)
    bottom = min(height, -(-(rows.stop + margin_px) // cell_px) * cell_px)
    side = max(0, min(columns.start, width - columns.stop) - margin_px) // cell_px * cell_px
    return slice(top, bottom), slice(side, width - side)


def augment(picture: np.ndarray, config: AugmentConfig, rng: np.random.Generator) -> np.ndarray:
    """One changed copy of a (..., H, W) slice or stack in [0, 1]; the background stays 0."""
    if config.flip and rng.random() < 0.5:
        picture = picture[..., ::-1]
    rows, columns = rng.integers(-config.shift_px, config.shift_px + 1, size=2)
    picture = np.roll(picture, (rows, columns), axis=(-2, -1))  # the frame is wide enough that nothing wraps
    exponent = (1 + config.gamma) ** rng.uniform(-1, 1)
    changed: np.ndarray = np.power(picture, exponent, dtype=np.float32)
    return changed


AHEAD = 4  # batches


def prefetched(batches: Iterator[np.ndarray], device: torch.device) -> Generator[Tensor, None, None]:
    """(B, C, H, W) float32 arrays as tensors on `device`, in the same order.

    What goes wrong in the thread is raised here. The thread ends when this iterator is closed.
    """
    ready: Queue[Tensor | BaseException | None] = Queue(AHEAD)
    closed = Event()

    def put(item: Tensor | BaseException | None) -> None:
        while not closed.is_set():
            try:
                return ready.put(item, timeout=0.2)
            except Full:
                continue

    def work() -> None:
        try:
            for batch in batches:
                tensor = torch.from_numpy(batch)
                put(tensor.pin_memory() if device.type == "cuda" else tensor)
                if closed.is_set():
                    return
            put(None)
        except BaseException as error:  # handed to the one who waits for a batch
            put(error)

    thread = Thread(target=work, name="batches", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item.to(device, memory_format=torch.channels_last, non_blocking=True)
    finally:
        closed.set()
        while True:
            try:
                ready.get_nowait()
            except Empty:
                break
        thread.join()
