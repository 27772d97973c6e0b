"""Ctrl-C and SIGTERM as a request to stop at the next batch."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_signals(listen: bool) -> Iterator[threading.Event]:
    """The event is set by Ctrl-C and SIGTERM, which then do not end the process; a second Ctrl-C ends it.

    `listen`: False leaves the signals alone, as does any thread but the main one.
    """
    stop = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    if not listen or threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
