"""Two processes by torchrun train as one does."""

import json
import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from tests.support.training import ROOT, picture_cohort
from uad_core.train import TrainConfig
from uad_core.train.distributed import Distributed, faster_in_bf16

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


def test_two_processes_train_as_one_and_write_one_checkpoint(tmp_path):
    cohort = picture_cohort(tmp_path / "controls", 6)
    for name, launcher in (("one", ()), ("two", TORCHRUN)):
        words = ["train", "--model", "toy", "--cohort", cohort, "--epochs", "3", "--batch-size", "3", "--device", "cpu"]
        words += ["--precision", "32"]  # bf16 rounds the two halves of a batch otherwise than the whole
        words += [
            "--name",
            "toy",
            "--snapshot-minutes",
            "0",
            "--out",
            tmp_path / name,
            "--run-folder",
            tmp_path / f"run-{name}",
        ]
        subprocess.run(
            [
                sys.executable,
                *launcher,
                ROOT / "tests" / "support" / "two_ranks.py",
                tmp_path / "second.safetensors",
                *words,
            ],
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
            check=True,
            timeout=240,
        )
    one, two = (load_file(tmp_path / f"run-{name}" / "toy-last.safetensors") for name in ("one", "two"))
    second = load_file(tmp_path / "second.safetensors")
    for key, value in two.items():
        assert torch.equal(value, second[key]), f"{key} differs between the processes"
        torch.testing.assert_close(value, one[key], atol=1e-3, rtol=1e-2)
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["toy.json", "toy.safetensors"]
    records = [json.loads((tmp_path / name / "toy.json").read_text()) for name in ("one", "two")]
    assert [record["training"]["processes"] for record in records] == [1, 2]
    curves = [[row["l2"] for row in record["loss_curve"]] for record in records]
    torch.testing.assert_close(torch.tensor(curves[0]), torch.tensor(curves[1]), atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize(
    ("capability", "device", "precision"),
    [({"avx512_bf16": True}, "cpu", "bf16"), ({"amx_bf16": True}, "cpu", "bf16"), ({"avx512_bf16": False}, "cpu", "32"),
     ({}, "cpu", "32")],
)  # fmt: skip
def test_auto_is_bf16_where_the_processor_has_it_in_hardware(capability, device, precision, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capability)
    assert Distributed(TrainConfig(device=device)).precision == precision
    assert Distributed(TrainConfig(device=device, precision="32")).precision == "32"
    assert faster_in_bf16(torch.device("cuda"))
