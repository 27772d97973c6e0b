"""Ctrl-C and SIGTERM as a wish to stop at the next batch."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Wish:
    """Truthy once a stop was asked for."""

    def __init__(self) -> None:
        self.asked = False

    def __bool__(self) -> bool:
        return self.asked


@contextmanager
def stop_signals(listen: bool) -> Iterator[Wish]:
    """Ctrl-C and SIGTERM are noted instead of ending the process; a second Ctrl-C ends it.

    Args:
        listen: False leaves the signals alone, as does any thread but the main one.
    """
    wish = Wish()

    def note(number: int, frame: FrameType | None) -> None:
        if wish.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        wish.asked = True

    if not listen or threading.current_thread() is not threading.main_thread():
        yield wish
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
