"""Batches made ready in a thread of their own, so that the device never waits for them."""

from collections.abc import Generator, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread

import numpy as np
import torch
from torch import Tensor

AHEAD = 4  # batches


def prefetched(batches: Iterator[np.ndarray], device: torch.device) -> Generator[Tensor, None, None]:
    """(B, H, W) float32 arrays as (B, 1, H, W) tensors on `device`, in the same order.

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
                tensor = torch.from_numpy(batch)[:, None]
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
