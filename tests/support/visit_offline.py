"""A visit of the app, printed: for tests of what it does without a network."""

import sys
import tempfile
from pathlib import Path

from tools.app_client import AppClient
from tools.running_app import running_app

with (
    tempfile.TemporaryDirectory() as folder,
    running_app(Path(folder) / "log.txt") as address,
    AppClient(address) as user,
):
    said = user.open("detect", "scan=sub-healthy01&model=intensity", 280)
    print(*said, sep="\n")
    sys.exit(not user.says("above the threshold"))
