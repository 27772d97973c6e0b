"""Batches made ready in a thread: the same ones in the same order, and nothing left behind."""

import threading
from contextlib import closing

import numpy as np
import pytest
import torch

from uad_core.train.batches import AHEAD, prefetched

CPU = torch.device("cpu")


def numbered(count, fails_at=None):
    for number in range(count):
        if number == fails_at:
            raise MemoryError("too many slices")
        yield np.full((2, 1, 4, 4), number, np.float32)


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "batches"]


def test_batches_come_in_their_order_with_a_channel_laid_out_last():
    found = list(prefetched(numbered(3 * AHEAD), CPU))
    assert [int(batch[0, 0, 0, 0]) for batch in found] == list(range(3 * AHEAD))
    assert all(batch.shape == (2, 1, 4, 4) for batch in found)
    assert all(batch.is_contiguous(memory_format=torch.channels_last) for batch in found)
    assert not threads()


def test_what_goes_wrong_in_the_thread_is_raised_to_the_one_who_waits():
    batches = prefetched(numbered(9, fails_at=2), CPU)
    assert [int(next(batches)[0, 0, 0, 0]) for _ in range(2)] == [0, 1]
    with pytest.raises(MemoryError, match="too many slices"):
        next(batches)
    assert not threads()


def test_whoever_stops_early_leaves_no_thread():
    made = []
    endless = (made.append(number) or np.zeros((1, 1, 4, 4), np.float32) for number in range(10**6))
    with closing(prefetched(endless, CPU)) as batches:
        next(batches)
        assert threads()
    assert not threads()
    assert len(made) <= AHEAD + 3, "no more than fit into the queue"
