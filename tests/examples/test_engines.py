"""The examples for a cluster run as they stand: the Slurm array's script, and the commands of the Snakemake rules."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bids_app import small_dataset
from uad_core.__main__ import _parser
from uad_core.io.paths import ROOT

EXAMPLES = ROOT / "examples"


@pytest.fixture
def path():
    """An environment in which `python` is the one of the tests."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def test_the_array_script_does_the_participant_of_its_task(tmp_path, path):
    dataset = small_dataset(tmp_path / "dataset", 3)
    words = ["bash", str(EXAMPLES / "slurm" / "array.sh"), str(dataset), str(tmp_path / "out")]
    done = subprocess.run(words, cwd=ROOT, env=path | {"SLURM_ARRAY_TASK_ID": "2"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [log.name[:8] for log in (tmp_path / "out" / "logs").glob("*.json")] == ["sub-0001"]


def test_the_rules_call_the_command_line_as_it_is():
    rules = (EXAMPLES / "snakemake" / "Snakefile").read_text()
    commands = re.findall(r'"python -m uad_core (.*)"', rules)
    assert len(commands) == 2
    for command in commands:
        words = command.format(BIDS_DIR="data", OUT="out", wildcards=type("", (), {"participant": "sub-01"})).split()
        options = _parser(words).parse_args(words)
        assert options.level in ("participant", "group")
        assert str(options.bids_dir) == "data"
