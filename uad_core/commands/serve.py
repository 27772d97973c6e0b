"""`python -m uad_core serve`: detection for other programs, over HTTP."""

import argparse
import ipaddress
import logging
import os
import secrets
import socket
import tempfile
from pathlib import Path

from uad_core import RESEARCH_ONLY
from uad_core.io.volume import ScanError

TOKEN = "UAD_TOKEN"  # the environment variable, as a command line can be read by every user of the machine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s, this machine)")
    parser.add_argument("--port", type=int, default=8765, help="0: any that is free (default: %(default)s)")
    text = "scans that may wait at most; more are turned away (default: %(default)s)"
    parser.add_argument("--queue", type=int, default=16, metavar="N", help=text)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Serve until Ctrl-C. Results are kept in a folder that only the user can read, and that goes with the server."""
    import uvicorn

    from uad_core.doors.http import build_app
    from uad_core.doors.jobs import ScanJobs

    if options.queue < 1:
        raise ScanError("queue", "At least one scan has to be allowed to wait: --queue 1.")
    token = os.environ.get(TOKEN) or secrets.token_urlsafe(24)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("uad_core.serve").setLevel(logging.INFO)
    print(RESEARCH_ONLY)
    if not _is_loopback(options.host):
        print("Other machines can reach this server: put one that encrypts (TLS) in front of it.")
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    with (
        socket.create_server((options.host, options.port), family=family) as listening,
        tempfile.TemporaryDirectory(prefix="uad-serve-") as folder,
    ):
        host, port = listening.getsockname()[:2]
        jobs = ScanJobs(Path(folder), options.queue)
        # uvicorn's own log would hold addresses with their queries, and the text of errors
        config = uvicorn.Config(
            build_app(jobs, token, _names(options.host)), log_level="critical", access_log=False, server_header=False
        )
        print(f"http://{host}:{port}", flush=True)
        if TOKEN not in os.environ:
            print(f"Token: {token}", flush=True)
        try:
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            jobs.close()


def _names(host: str) -> list[str]:
    """What requests may call the server: anything, where other machines reach it by names that are not known here."""
    return [host, "127.0.0.1", "localhost", "::1", "[::1]"] if _is_loopback(host) else ["*"]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
