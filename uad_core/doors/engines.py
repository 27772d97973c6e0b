"""Where scans are worked on: processes of this machine, a Dask cluster, or Slurm. Each runs `process_scan`."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from threading import Thread
from typing import Any

import psutil

from uad_core.doors.one_scan import ScanTask, give_up, process_scan
from uad_core.io.volume import ScanError

Records = Iterator[dict[str, Any]]
GIB_A_PROCESS = 2.0  # of memory; whole heads took 1.1 and less (docs/SCALE.md)
AHEAD = 2  # tasks a process that are handed out at once


def usual_jobs() -> int:
    """As many processes as there are cores, and memory for."""
    free = int(psutil.virtual_memory().available / 2**30 / GIB_A_PROCESS)
    return max(1, min(os.cpu_count() or 1, free))


def on_this_machine(tasks: Iterable[ScanTask], jobs: int) -> Records:
    """In `jobs` processes of one thread each. A scan at which a process is killed is tried again, alone."""
    suspects: list[ScanTask] = []
    yield from _in_a_pool(tasks, jobs, suspects)
    for task in suspects:
        killed: list[ScanTask] = []
        yield from _in_a_pool([task], 1, killed)
        if killed:
            yield give_up(task)


def _in_a_pool(tasks: Iterable[ScanTask], jobs: int, killed: list[ScanTask]) -> Records:
    """Records as they come; tasks under way when a process died are added to `killed`, and the rest goes on."""
    waiting = deque(tasks)
    spawn = multiprocessing.get_context("spawn")  # a fork of a process that has threads may hang
    while waiting:
        running: dict[Future[dict[str, Any]], ScanTask] = {}
        with ProcessPoolExecutor(jobs, mp_context=spawn, initializer=prepare_worker) as pool:
            try:
                while waiting or running:
                    while waiting and len(running) < AHEAD * jobs:
                        future = pool.submit(process_scan, waiting[0])  # which raises where the pool is broken
                        running[future] = waiting.popleft()
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        record = future.result()
                        del running[future]
                        yield record
            except BrokenProcessPool:
                killed += running.values()
            except BaseException:
                pool.shutdown(cancel_futures=True)  # those under way end; their files are then whole
                raise


def prepare_worker() -> None:
    """One thread, as others share the machine."""
    import torch

    torch.set_num_threads(1)
    tied_to_parent()


def tied_to_parent() -> None:
    """The process ends when its parent does, and Ctrl-C is for that one alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def on_dask(tasks: Iterable[ScanTask], address: str) -> Records:
    """On the workers of the Dask cluster whose scheduler is there, which see the same folders. Raises ScanError."""
    try:
        from dask.distributed import Client, as_completed
    except ImportError:
        raise ScanError("engine", "Dask is not installed: pip install -r requirements-cluster.txt.") from None
    try:
        client = Client(address, timeout=10)
    except OSError:
        raise ScanError("engine", "No Dask scheduler answers at that address.") from None
    with client:
        futures = {client.submit(process_scan, task, key=f"uad-{task.stem}", pure=False): task for task in tasks}
        for future in as_completed(futures):
            yield future.result() if future.status == "finished" else give_up(futures[future])


def on_slurm(tasks: Iterable[ScanTask], cluster: str, jobs: int, folder: Path) -> Records:
    """As a job array of at most `jobs` at once; `cluster`: "slurm", or "local" for this machine. Raises ScanError."""
    try:
        from submitit import AutoExecutor, helpers
        from submitit.core.utils import UncompletedJobError
    except ImportError:
        raise ScanError("engine", "submitit is not installed: pip install -r requirements-cluster.txt.") from None
    try:
        executor = AutoExecutor(folder, cluster=cluster)
    except RuntimeError:
        raise ScanError("engine", "There is no Slurm here: `sbatch` was not found.") from None
    executor.update_parameters(timeout_min=60, cpus_per_task=1, mem_gb=GIB_A_PROCESS, slurm_array_parallelism=jobs)
    todo = list(tasks)
    submitted = dict(zip(executor.map_array(process_scan, todo), todo, strict=True))
    for job in helpers.as_completed(list(submitted)):
        try:
            yield job.result()
        except UncompletedJobError:
            yield give_up(submitted[job])
