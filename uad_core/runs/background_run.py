"""One life cycle for every background run, a training or an evaluation: start, watch, stop, resume, list, delete."""

import os
import re
import shutil
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from uad_core.cohorts.find import RunError
from uad_core.io.atomic import write_atomically
from uad_core.io.schema import Entry, misfit
from uad_core.io.sealed import read_sealed, write_sealed
from uad_core.runs.process import RunStatus, launch, newest_first, read_launch, read_status, tail

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_one_at_a_time = threading.RLock()


def check_name(name: str) -> None:
    """Raise RunError for what no run can be called."""
    if not NAME.fullmatch(name):
        allowed = "at most 60 letters (a to z), digits, - and _, and begins with a letter or digit"
        raise RunError(f"A name has {allowed}.")


class Request(Protocol):
    """What a run is asked to do."""

    @property
    def name(self) -> str: ...

    def check(self) -> None:
        """Raise RunError, with a sentence, for anything that would make the run fail at once."""

    def arguments(self, folder: Path) -> list[str]:
        """Of the process that does it and writes into `folder`."""

    def settings(self) -> dict[str, Any]:
        """To be kept in settings.json; empty where the process writes that file itself."""


@dataclass(frozen=True)
class BackgroundRun(ABC):
    """A run as its folder shows it, so it outlives browser and server. A kind of run is a class of its own, with:"""

    noun: ClassVar[str]  # what it is called in a sentence
    home: ClassVar[Path]  # the folder of all runs of this kind, unless another is named
    command: ClassVar[tuple[str, ...]]  # the process, without its arguments
    # whether `stop` ends the process, of which then nothing is kept. If not, the process sees the file `stop`, saves
    # where it stands and ends by itself
    is_ended_by_stop: ClassVar[bool]
    entries: ClassVar[Mapping[str, Entry]]  # of settings.json, what they have to be

    folder: Path
    status: RunStatus

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The run in that folder as it stands now."""
        return cls(folder, read_status(folder, cls.noun))

    @classmethod
    def all(cls, home: Path | None = None) -> list[Self]:
        """All runs of this kind, the one that was started last first."""
        return [cls.read(folder) for folder in newest_first(home or cls.home)]

    @classmethod
    def check(cls, request: Request, home: Path | None = None) -> None:
        """Raise RunError, with a sentence, for a request or a name that will not do."""
        check_name(request.name)
        request.check()
        if ((home or cls.home) / request.name).exists():
            raise RunError(f"Another {cls.noun} is named {request.name}; choose another name.")

    @classmethod
    def start(cls, request: Request, home: Path | None = None) -> Self:
        """Begin a run in a process that outlives this one. Raises RunError: a request or a name that will not do."""
        cls.check(request, home)
        folder = (home or cls.home) / request.name
        with _one_at_a_time:
            try:
                folder.mkdir(mode=0o700, parents=True)
                if settings := request.settings():
                    write_sealed(folder / "settings.json", settings)
            except FileExistsError:
                raise RunError(f"Another {cls.noun} is named {request.name}; choose another name.") from None
            except OSError as error:
                raise RunError(f"The folder {folder.parent} cannot be written to ({error.strerror}).") from None
            launch(folder, cls.command, request.arguments(folder.resolve()))
        return cls.read(folder)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def state(self) -> str:
        """As `status` has it; but a run that `stop` ended has stopped, though its process could not write so."""
        gone = self.status.state in ("interrupted", "failed")
        was_stopped = self.is_ended_by_stop and gone and (self.folder / "stop").exists()
        return "stopped" if was_stopped else self.status.state

    @property
    def is_active(self) -> bool:
        """Its process is alive and at work."""
        return self.status.is_active

    @property
    def is_stopping(self) -> bool:
        """It was asked to stop and has not done so yet."""
        return self.is_active and (self.folder / "stop").exists()

    @property
    def can_resume(self) -> bool:
        return self.state in ("stopped", "failed", "interrupted")

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What it was asked to do; empty before settings.json is written, or where that is damaged or means nothing."""
        record = read_sealed(self.folder / "settings.json")
        known = {key: entry for key, entry in self.entries.items() if key in record}
        return {} if misfit(record, known) else record

    @cached_property
    def launched(self) -> list[str]:
        """The arguments of its first start from here; empty for a run that was started by hand."""
        return list(read_launch(self.folder).get("arguments", []))

    @abstractmethod
    def resume_arguments(self) -> list[str]:
        """Of the process that goes on with it, or begins it again. Raises RunError, with a sentence, if none can."""

    def resume(self, *more: str) -> Self:
        """Go on with what was stopped, interrupted or failed, unless it is at work. Raises RunError where none can.

        Args:
            more: words at the end of the command, which go before those that the run began with.
        """
        with _one_at_a_time:
            now = self.read(self.folder)
            if now.is_active:
                return now
            if not now.can_resume:
                raise RunError(f"Run {self.name} cannot be resumed; start a new one.")
            arguments = now.resume_arguments()
            (self.folder / "stop").unlink(missing_ok=True)
            launch(self.folder, self.command, [*arguments, *more], now.launched)
        return self.read(self.folder)

    def stop(self) -> None:
        """Ask it to end; see `is_ended_by_stop`."""
        write_atomically(self.folder / "stop", b"")
        now = read_status(self.folder, self.noun)
        if self.is_ended_by_stop and now.is_active and now.pid:
            with suppress(ProcessLookupError):
                os.kill(now.pid, signal.SIGTERM)

    def rename(self, name: str) -> Self:
        """The same under another name, unless its process is at work. Raises RunError: a name that will not do."""
        check_name(name)
        new = self.folder.with_name(name)
        with _one_at_a_time:
            if self.read(self.folder).is_active or not self.settings:
                raise RunError(f"A {self.noun} is renamed once it has stopped or is done.")
            if new.exists():
                raise RunError(f"Another {self.noun} is named {name}; choose another name.")
            self.folder.rename(new)
        return self.read(new)

    def delete(self) -> None:
        """Remove its folder, unless its process is at work."""
        if not self.read(self.folder).is_active:
            shutil.rmtree(self.folder, ignore_errors=True)

    def log(self, lines: int = 20) -> str:
        """The end of what the process printed; of a line that was overwritten, its end."""
        ends = [line.split("\r")[-1] for line in tail(self.folder / "log.txt").rstrip("\r\n").split("\n")]
        return "\n".join(ends[-lines:])
