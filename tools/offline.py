"""Run a command where there is no network but this machine's own: what it needs from outside, it does not get.

    python -m tools.offline COMMAND ...

In a network namespace of its own, with the loopback up (Linux; `unshare` of util-linux, as root or where users may).
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys

FLAGS, UP = 0x8914, 0x1  # SIOCSIFFLAGS, IFF_UP
OUTSIDE = "192.0.2.1", 80  # of a net that is kept for examples


def is_possible() -> bool:
    """Whether this machine lets us."""
    unshare = shutil.which("unshare")
    return bool(unshare) and subprocess.run([str(unshare), "-rn", "true"], capture_output=True).returncode == 0


def main(words: list[str]) -> int:
    """The command's exit status."""
    if words[:1] != ["--inside"]:
        return subprocess.run(["unshare", "-rn", sys.executable, "-m", "tools.offline", "--inside", *words]).returncode
    with socket.socket() as probe:
        fcntl.ioctl(probe, FLAGS, struct.pack("16sH14x", b"lo", UP))
        if probe.connect_ex(OUTSIDE) == 0:
            raise RuntimeError("there is a way out")
    os.execvp(words[1], words[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
