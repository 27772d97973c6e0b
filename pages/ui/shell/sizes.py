"""How much memory a value holds on to, and how much this server may hold for all its visitors together."""

import ctypes
import gc
import os
import sys
from collections.abc import Iterable
from typing import Any

import psutil

SHARE = 0.5  # of the machine's memory; the rest is for the work itself and for other programs
BOUND_VARIABLE = "UAD_APP_MEMORY_MB"  # an operator's own bound
OURS = ("uad_core", "pages")  # whose objects are looked into


def bound() -> int:
    """Bytes of scans and results that the server holds at most."""
    asked = os.environ.get(BOUND_VARIABLE, "")
    return int(asked) * 10**6 if asked.isdecimal() else int(SHARE * psutil.virtual_memory().total)


def in_words(size: int) -> str:
    """`1_500_000_000` -> `1.5 GB`."""
    return f"{size / 1e9:.1f} GB" if size >= 10**9 else f"{size / 1e6:.0f} MB"


def give_back_memory() -> None:
    """To the system: what was let go stays with this process otherwise, ready for a next time that may not come."""
    gc.collect()
    if sys.platform == "linux":
        getattr(ctypes.CDLL(None), "malloc_trim", lambda size: None)(0)  # glibc's


def held_bytes(*values: Any) -> int:
    """Bytes of the arrays and files behind the values, each counted once; a model's weights belong to no visitor."""
    found: dict[int, int] = {}
    seen, waiting = set(), list(values)
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, (bytes, bytearray)):
            found[id(value)] = len(value)
        elif isinstance(getattr(value, "nbytes", None), int):
            whole = _whole(value)
            found[id(whole)] = whole.nbytes
        else:
            waiting.extend(_parts(value))
    return sum(found.values())


def _whole(array: Any) -> Any:
    """The array that a view looks into: all of it stays in memory."""
    while isinstance(getattr(getattr(array, "base", None), "nbytes", None), int):
        array = array.base
    return array


def _parts(value: Any) -> Iterable[Any]:
    kind = type(value)
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    if kind.__module__ == "functools":  # a cached function of a result: what it has computed so far
        return [part for part in gc.get_referents(value) if type(part).__module__ in ("functools", "builtins")]
    if kind.__module__.partition(".")[0] in OURS and not hasattr(kind, "state_dict"):
        return list(getattr(value, "__dict__", {}).values())
    return ()
