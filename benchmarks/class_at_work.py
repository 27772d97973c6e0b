"""A class at one server: ten tune their own scans at once, fifty more have a page open. Is anybody's lost, or slow?

    python -m benchmarks.class_at_work [ACTIVE IDLE MOVES]

Each of the ten moves the slider, looks for one to three seconds, and moves it again. What counts is the time from the
move to the end of the page's answer, with the users on the same machine, and whether each saw the results of the own
scan alone.
"""

import random
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple

import numpy as np
import psutil

from benchmarks.soak import QUERY, server
from tools import trust
from tools.app_client import AppClient
from uad_core.io.nifti import encode_nifti, read_nifti
from uad_core.io.paths import SAMPLES

ACTIVE, IDLE, MOVES = 10, 50, 30
SLIDER, HELD = "Percentile of healthy residuals", 95.0
LOOKS = 1.0, 3.0  # s, between two moves


class Seen(NamedTuple):
    """What one user saw."""

    waits: list[float]  # s, of each move of the slider
    lost: int  # moves after which no scan was there
    crossed: int  # moves to `HELD` after which the result was not that of the own scan


def main() -> None:
    """Print what was lost, crossed and waited for."""
    active, idle, moves = map(int, sys.argv[1:4]) if len(sys.argv) > 3 else (ACTIVE, IDLE, MOVES)
    said = work(active, idle, moves)
    print(said)
    if (active, idle, moves) == (ACTIVE, IDLE, MOVES):
        trust.record("class", said)


def work(active: int, idle: int, moves: int) -> str:
    """A server, `idle` users with a page open, `active` ones who move the slider `moves` times: a sentence on it."""
    with server(60) as (address, process, _), ExitStack() as pages:
        lookers = [pages.enter_context(AppClient(address)) for _ in range(idle)]
        for looker in lookers:
            looker.open("start", seconds=600)
        users = [pages.enter_context(AppClient(address)) for _ in range(active)]
        own = [bring(user, number) for number, user in enumerate(users)]
        if len(set(own)) < active:
            raise AssertionError(f"the scans look alike: {own}")
        before = sum(process.cpu_times()[:2])
        with ThreadPoolExecutor(active) as threads:
            seen = list(threads.map(tune, users, own, [moves] * active))
        busy = sum(process.cpu_times()[:2]) - before
        answered = sum(bool(looker.run()) for looker in lookers)
        megabytes = process.memory_info().rss / 1e6
    waits = sorted(wait for one in seen for wait in one.waits)
    middle, most = statistics.median(waits), statistics.quantiles(waits, n=20)[-1]
    lost, crossed = sum(one.lost for one in seen), sum(one.crossed for one in seen)
    return (
        f"{active} tune a scan of their own, {answered} of {idle} idle pages still answer: {lost} lost, {crossed} "
        f"crossed of {len(waits)} moves; a move is answered in {middle:.2f} s (median), {most:.2f} s (p95), "
        f"{waits[-1]:.2f} s (longest), of which the server computes {busy / len(waits):.2f} s; it takes "
        f"{megabytes:.0f} MB; the users are on the same {psutil.cpu_count()} processors, at a load of "
        f"{psutil.getloadavg()[0]:.0f}"
    )


def bring(user: AppClient, number: int) -> str:
    """Upload a scan with a bright cube whose size is this user's alone; what the page says of it at `HELD`."""
    volume = read_nifti((SAMPLES / "sub-healthy01_FLAIR.nii.gz").read_bytes())
    values = volume.array.astype(np.float32)
    values[70:90, 100 : 104 + 2 * number, 100:120] = values.max()
    user.page = "scan"
    user.run()
    user.upload("A NIfTI file", f"scan {number}.nii.gz", encode_nifti(values, volume))
    user.open("detect", QUERY, 600)
    user.slide(SLIDER, HELD)
    return result(user)


def tune(user: AppClient, own: str, moves: int) -> Seen:
    """Move the slider; every fifth move is back to `HELD`, where the result is known."""
    rng, waits, lost, crossed = random.Random(own), [], 0, 0
    for number in range(moves):
        value = HELD if number % 5 == 4 else round(rng.uniform(90, 99.5), 1)
        begun = time.monotonic()
        user.slide(SLIDER, value)
        waits.append(time.monotonic() - begun)
        found = result(user)
        lost += not found
        crossed += bool(found) and value == HELD and found != own
        time.sleep(rng.uniform(*LOOKS))
    return Seen(waits, lost, crossed)


def result(user: AppClient) -> str:
    """The page's sentence on what was found; empty where there is none."""
    return next((text for text in user.texts if "above the threshold" in text), "")


if __name__ == "__main__":
    main()
