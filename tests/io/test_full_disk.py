"""A full disk: what was there stays as it was, nothing half-written is left, and the user gets a sentence."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from uad_core.io.paths import ROOT, SAMPLES

LIMIT = 60_000  # bytes that a file may have, in place of a small disk: a write beyond is refused by the system

SAVE = """
import sys, numpy as np, torch
from pathlib import Path
from uad_core.atlas.space import PAPER_SLAB
from uad_core.models.calibration import BINS, Calibration, Reference, ResidualHistogram
from uad_core.models.checkpoint import build_model, save_checkpoint
torch.manual_seed(int(sys.argv[2]))
flat = ResidualHistogram(np.ones(BINS, np.int64))
calibration = Calibration(2.0, {"phantoms": Reference(True, 1, 1.0, {("absolute", 5): flat})})
save_checkpoint(Path(sys.argv[1]) / "one", "sae3", build_model("sae3"), PAPER_SLAB, calibration, {})
"""


def small_files():
    """In a child: no file grows beyond the limit, and a try is an error, not the end."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def ended(command: list[str], limited: bool) -> subprocess.CompletedProcess:
    child = small_files if limited else None
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, preexec_fn=child)


def test_a_checkpoint_is_the_old_one_or_the_new_one_and_loads(tmp_path):
    from uad_core.models.checkpoint import load_checkpoint

    assert ended(["-c", SAVE, str(tmp_path), "0"], limited=False).returncode == 0
    before = contents(tmp_path)
    failed = ended(["-c", SAVE, str(tmp_path), "1"], limited=True)
    assert failed.returncode != 0
    assert "OSError" in failed.stderr
    assert contents(tmp_path) == before
    assert load_checkpoint("one", tmp_path).name == "one"


def test_a_detection_ends_with_a_sentence_and_the_earlier_results_stay(tmp_path):
    command = ["-m", "uad_core", "detect", str(SAMPLES / "sub-healthy01_FLAIR.nii.gz"), "--out", str(tmp_path),
               "--model", "sae3"]  # fmt: skip
    assert ended(command, limited=False).returncode == 0
    before = contents(tmp_path)
    failed = ended([*command, "--percentile", "90"], limited=True)
    assert failed.returncode != 0
    assert "Traceback" not in failed.stderr
    assert failed.stderr.strip().splitlines()[-1]
    after = contents(tmp_path)
    assert after.keys() == before.keys()
    whole = [name for name in before if name.endswith("residual_FLAIR.nii.gz")]
    assert all(after[name] == before[name] for name in whole)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may mount a small disk")
def test_on_a_disk_that_is_full_the_earlier_file_stays(tmp_path):
    from uad_core.io.atomic import write_atomically

    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no small disk could be mounted here; the limit on the size of a file was tried instead")
    try:
        write_atomically(disk / "file", b"old" * 1000)
        with pytest.raises(OSError, match="No space left"):
            write_atomically(disk / "file", bytes(300_000))
        assert contents(disk) == {"file": b"old" * 1000}
    finally:
        subprocess.run(["umount", str(disk)], check=True)
