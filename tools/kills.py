"""Commands that are killed without a word, at a step towards a saved file or at any moment: what is left of them?

For tests of what outlives a crash, and for `make soak`. Five steps lead to a saved file: its temporary name is taken,
half of its bytes are written, all of them, they are synced, and it gets its own name.
"""

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Self

KILLED = -int(signal.SIGKILL)
LOADED = ("torch", "uad_core.__main__", "uad_core.commands.train", "uad_core.commands.evaluate",
          "uad_core.commands.detect", "uad_core.commands.calibrate")  # fmt: skip


class Life(NamedTuple):
    """How a command ended."""

    status: int  # `KILLED`, or what it exited with
    steps: int  # towards saved files, that it took


def live(words: Sequence[object], last: int = 0, seconds: float | None = None) -> Life:
    """`python -m uad_core WORDS` forked from a process with everything loaded, so that it costs little.

    It is killed right after its step `last`, counted from 1, or so many seconds after its start.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    steps = context.Value("i", 0, lock=False)  # a lock would stay with the dead
    process = context.Process(target=_run, args=([str(word) for word in words], last, steps))
    caller = sys.modules["__main__"]  # a page of the app, after tests of it: the child is not to run that
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        process.start()
    finally:
        sys.modules["__main__"] = caller
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        process.join()
    return Life(int(process.exitcode or 0), steps.value)


def _run(words: list[str], last: int, steps: Any) -> None:
    """In the child: count its steps, and end where it was said to."""
    lock = threading.Lock()

    def step() -> None:
        with lock:
            steps.value += 1
            if steps.value == last:
                os.kill(os.getpid(), signal.SIGKILL)

    os.fdopen = lambda *options: _Slow(_fdopen(*options), step)  # type: ignore[assignment]
    tempfile.mkstemp = _followed(tempfile.mkstemp, step)
    os.fsync = _followed(os.fsync, step)
    Path.replace = _followed(Path.replace, step)  # type: ignore[method-assign]
    from uad_core.__main__ import main

    with Path(os.devnull).open("w") as nowhere:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere.fileno(), stream.fileno())
        sys.exit(main(words))


_fdopen: Callable[..., Any] = os.fdopen


def _followed(function: Callable[..., Any], step: Callable[[], None]) -> Callable[..., Any]:
    def both(*values: Any, **options: Any) -> Any:
        result = function(*values, **options)
        step()
        return result

    return both


class _Slow:
    """A file whose bytes come in two halves."""

    def __init__(self, file: Any, step: Callable[[], None]) -> None:
        self._file, self._step = file, step

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, data: Any) -> int:
        for part in (data[: len(data) // 2], data[len(data) // 2 :]):
            self._file.write(part)
            self._file.flush()
            self._step()
        return len(data)
