"""The same function on a real Dask cluster of two processes, one of which is killed, and as submitit's jobs."""

import os
import subprocess
import sys
import time

import pytest

from benchmarks.bids_app import SETTING, command, done
from tests.doors.conftest import SCANS, bids
from uad_core.io.paths import ROOT

distributed = pytest.importorskip("distributed", reason="the packages of requirements-cluster.txt are not installed")
pytest.importorskip("submitit", reason="the packages of requirements-cluster.txt are not installed")


@pytest.fixture
def cluster(tmp_path):
    """The address of a scheduler, and the processes of its two workers."""
    file = tmp_path / "scheduler.json"
    words = ["--scheduler-file", str(file), "--no-dashboard"]
    scheduler = _begun("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *words)
    place = ["--local-directory", str(tmp_path)]
    workers = [_begun("distributed.cli.dask_worker", "--no-nanny", "--nthreads", "1", *place, *words) for _ in range(2)]
    with distributed.Client(scheduler_file=str(file), timeout=300) as client:
        client.wait_for_workers(2)
        yield client.scheduler.address, workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


def _begun(module, *words):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-m", module, *words], env=environment, stderr=subprocess.DEVNULL)


def test_a_dask_cluster_one_of_whose_two_workers_is_killed_gives_the_same_table(
    cluster, dataset, undisturbed, tmp_path
):
    address, workers = cluster
    out = tmp_path / "out"
    words = command(dataset, out, "participant", "--dask", address, *SETTING)
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while done(out) < 1 and process.poll() is None:
        time.sleep(0.05)
    workers[0].kill()
    printed, errors = process.communicate()
    assert process.returncode == 0, errors
    # the result of the first scan may have died with its worker: it is asked for again, and not computed again
    ended = dict(reversed(part.split(" ", 1)) for part in printed.splitlines()[-1].split(", "))
    assert sum(map(int, ended.values())) == SCANS, (printed, errors)
    assert set(ended) <= {"done", "done before"}
    bids(dataset, out, "group")
    assert (out / "group.tsv").read_bytes() == (undisturbed / "group.tsv").read_bytes()


def test_submitits_jobs_give_the_same_table(dataset, undisturbed, tmp_path):
    out = tmp_path / "out"
    shown = bids(dataset, out, "participant", "--slurm", "local", "--participant-label", "0000", "0001")
    assert shown.stdout.splitlines()[-1] == "4 done", shown.stderr
    again = bids(dataset, out, "participant")
    assert again.stdout.splitlines()[-1] == f"{SCANS - 4} done, 4 done before"
    bids(dataset, out, "group")
    assert (out / "group.tsv").read_bytes() == (undisturbed / "group.tsv").read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--dask", "tcp://127.0.0.1:9"], "No Dask scheduler answers"), (["--slurm"], "There is no Slurm here")],
)
def test_an_engine_that_is_not_there_is_a_sentence(dataset, tmp_path, monkeypatch, words, said):
    monkeypatch.setenv("PATH", str(tmp_path))  # on a machine that has Slurm there is none for this test
    shown = bids(dataset, tmp_path / "out", "participant", *words)
    assert shown.returncode == 2
    assert said in shown.stderr.splitlines()[-1]


def test_without_the_packages_the_sentence_says_what_to_install(dataset, tmp_path):
    code = "import sys; sys.modules.update(dask=None, submitit=None); sys.argv[1:] = {words}; import runpy; " \
           "runpy.run_module('uad_core', run_name='__main__')"  # fmt: skip
    for engine in (["--dask", "x"], ["--slurm"]):
        words = ["bids", str(dataset), str(tmp_path / "out"), "participant", *engine]
        shown = subprocess.run(
            [sys.executable, "-c", code.format(words=words)], cwd=ROOT, capture_output=True, text=True
        )
        assert shown.returncode == 2
        assert "pip install -r requirements-cluster.txt" in shown.stderr
