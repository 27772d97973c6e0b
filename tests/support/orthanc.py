"""A real Orthanc on loopback with the plugin of `examples/orthanc`, and what a test asks of it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from uad_core.io.paths import ROOT

PLUGINS = [Path("/usr/share/orthanc/plugins") / f"libOrthanc{name}.so" for name in ("Python", "DicomWeb")]
PROGRAMS = ("Orthanc", "storescu", "dciodvfy")
EXAMPLE = ROOT / "examples" / "orthanc"


def missing() -> str:
    """What a test lacks, as a sentence; empty where all is there."""
    found = [name for name in PROGRAMS if not program(name)] + [path.name for path in PLUGINS if not path.exists()]
    return f"not installed, so no PACS was tried: {', '.join(found)}" if found else ""


def program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


@dataclass
class Pacs:
    http: int
    dicom: int
    log: Path

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=30) as answer:
            return answer.read()

    def json(self, path: str):
        return json.loads(self.get(path))

    def send(self, folder: Path) -> None:
        """As a scanner does."""
        words = [program("storescu"), "-aec", "ANY", "127.0.0.1", str(self.dicom), "+sd", str(folder)]
        subprocess.run(words, check=True, capture_output=True)

    def series(self, modality: str) -> list[dict]:
        """All series of a modality."""
        there = [self.json(f"/series/{one}") for one in self.json("/series")]
        return [one for one in there if one["MainDicomTags"]["Modality"] == modality]

    def instance(self, series: dict) -> bytes:
        (one,) = series["Instances"]
        return self.get(f"/instances/{one}/file")

    def wait(self, until: Callable[[], bool], seconds: float = 150) -> None:
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, self.log.read_text()[-4000:]
            time.sleep(0.3)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


@contextmanager
def orthanc(folder: Path, arguments: list[str], with_plugin: bool = True) -> Iterator[Pacs]:
    """Orthanc with the example's settings but for the places, ports and the patience."""
    pacs = Pacs(free_port(), free_port(), folder / "log.txt")
    settings = json.loads((EXAMPLE / "orthanc.json").read_text())
    settings |= {"StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"), "StableAge": 2,
                 "HttpPort": pacs.http, "DicomPort": pacs.dicom, "DicomCheckCalledAet": False,
                 "AuthenticationEnabled": False, "PythonScript": str(EXAMPLE / "uad_plugin.py")}  # fmt: skip
    settings["Uad"] |= {"Python": sys.executable, "Folder": str(ROOT), "Arguments": arguments,
                        "DicomWeb": f"http://127.0.0.1:{pacs.http}/dicom-web"}  # fmt: skip
    if not with_plugin:
        del settings["PythonScript"]
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with pacs.log.open("w") as log:
        process = subprocess.Popen([str(program("Orthanc")), str(folder / "orthanc.json")], stdout=log, stderr=log)
    try:
        pacs.wait(lambda: process.poll() is not None or "Orthanc has started" in pacs.log.read_text(), 60)
        assert process.poll() is None, pacs.log.read_text()
        yield pacs
    finally:
        process.terminate()
        process.wait(30)
