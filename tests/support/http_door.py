"""A server of `python -m uad_core serve`, and a client of a few lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from uad_core.io.paths import ROOT

TOKEN = "a token of the tests"


@dataclass
class Door:
    address: str
    log: Path

    def ask(self, method: str, path: str, body: bytes | None = None, token: str | None = TOKEN):
        """Status, headers and body of the answer."""
        connection = HTTPConnection(urlsplit(self.address).netloc, timeout=120)
        connection.request(method, path, body, {"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, dict(answer.headers), data

    def json(self, method: str, path: str, body: bytes | None = None, token: str | None = TOKEN):
        status, _, data = self.ask(method, path, body, token)
        return status, json.loads(data)

    def finished(self, path: str) -> dict:
        while (state := self.json("GET", path)[1])["state"] in ("waiting", "running"):
            time.sleep(0.1)
        return state


@contextmanager
def serving(log: Path) -> Iterator[Door]:
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "uad_core", "serve", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, stderr=file,
            text=True, env=os.environ | {"UAD_TOKEN": TOKEN},
        )  # fmt: skip
        assert process.stdout
        process.stdout.readline()
        try:
            yield Door(process.stdout.readline().strip(), log)
        finally:
            process.terminate()
            process.wait(60)
            process.stdout.close()
