"""Too little memory, of the machine or of a device: a sentence, and what was there stays."""

import os
import subprocess
import sys

import pytest
import torch

from uad_core.__main__ import main
from uad_core.io.errors import TOO_LITTLE_MEMORY
from uad_core.io.paths import ROOT, SAMPLES
from uad_core.models.families.autoencoder import Autoencoder

SCAN = str(SAMPLES / "sub-healthy01_FLAIR.nii.gz")
LIMITED = """
import resource, sys
from pathlib import Path
import torch, SimpleITK, uad_core.commands.detect
from uad_core.__main__ import main
most = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + int(sys.argv[1]) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (most, most))
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has limits on the memory of a process that hold")
def test_a_machine_that_is_out_of_memory_ends_a_detection_with_a_sentence_and_nothing_is_lost(tmp_path):
    earlier = tmp_path / "dataset_description.json"
    earlier.write_text("{}")
    words = ["detect", SCAN, "--model", "sae3", "--out", str(tmp_path)]
    for megabytes in ("60", "120"):
        ended = subprocess.run([sys.executable, "-c", LIMITED, megabytes, *words], cwd=ROOT, capture_output=True,
                               text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})  # fmt: skip
        assert ended.returncode == 2, ended.stderr
        assert "Traceback" not in ended.stderr
        assert "There is too little memory for this" in ended.stderr.splitlines()[-1]
        assert [path.name for path in tmp_path.iterdir()] == [earlier.name]
        assert earlier.read_text() == "{}"


def test_a_device_that_is_out_of_memory_is_said_and_what_was_there_stays(tmp_path, monkeypatch, capsys):
    earlier = tmp_path / "sub-01_mask.json"
    earlier.write_text("{}")

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(Autoencoder, "forward", full)
    assert main(["detect", SCAN, "--model", "sae3", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"uad_core: {TOO_LITTLE_MEMORY}"
    assert list(tmp_path.rglob("*")) == [earlier]
