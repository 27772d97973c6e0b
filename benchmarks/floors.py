"""What no program could go below on this machine: bytes moved at the speed of its memory, sums at that of its cores.

Both speeds are measured here, in the run that they are compared in. A floor is what the arithmetic and the data alone
would take if nothing else cost anything; how many times above it a step lies is what could still be won.
"""

from collections.abc import Callable
from functools import lru_cache
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

SQUARE, COPIED, REPEATS = 2048, 256 * 2**20, 5
Result = TypeVar("Result")


def timed(work: Callable[[], Result], repeats: int) -> tuple[Result, float]:
    """The result, and the median of the seconds that `repeats` runs took."""
    seconds = []
    for _ in range(repeats):
        started = perf_counter()
        result = work()
        seconds.append(perf_counter() - started)
    return result, float(np.median(seconds))


@lru_cache(maxsize=1)
def bytes_per_second() -> float:
    """Of a large array copied: each byte is read once and written once."""
    source = np.ones(COPIED, np.uint8)
    target = np.empty_like(source)
    np.copyto(target, source)
    return 2 * COPIED / timed(lambda: np.copyto(target, source), REPEATS)[1]


@lru_cache(maxsize=4)
def sums_per_second(dtype: torch.dtype = torch.float32) -> float:
    """Multiplications and additions a second of the product of two large matrices on the CPU."""
    matrix = torch.rand(SQUARE, SQUARE).to(dtype)
    _ = matrix @ matrix
    return 2 * SQUARE**3 / timed(lambda: matrix @ matrix, REPEATS)[1]


def operations(work: Callable[[], Any]) -> float:
    """Multiplications and additions of the convolutions and matrix products in `work`."""
    with FlopCounterMode(display=False) as counted:
        work()
    return float(counted.get_total_flops())


def beside_floor(seconds: float, bytes_moved: float = 0, sums: float = 0, dtype: torch.dtype = torch.float32) -> str:
    """In words: the floor, and how many times above it `seconds` lie."""
    floor = max(bytes_moved / bytes_per_second(), sums / sums_per_second(dtype) if sums else 0)
    of = f"{sums / 1e9:.3g} G operations" if sums / sums_per_second(dtype) >= floor else f"{bytes_moved / 1e6:.3g} MB"
    return f"floor {1000 * floor:.3g} ms ({of}), {seconds / floor:.1f} times above it"
