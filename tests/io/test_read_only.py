"""A folder that may only be read: each command says so before it works, and what was there stays."""

import os
import subprocess

import pytest

from uad_core.__main__ import main
from uad_core.atlas.space import Slab
from uad_core.cohorts.find import RunError
from uad_core.io import kept
from uad_core.io.paths import SAMPLES
from uad_core.preprocess.from_file import PrepareOptions
from uad_core.preprocess.prepare_once import prepare_once
from uad_core.runs import training
from uad_core.train import TrainConfig

SCAN, TOY = SAMPLES / "sub-healthy01_FLAIR.nii.gz", SAMPLES / "toy_cohort"
COMMANDS = {  # their words without those that name the folder
    "detect": [SCAN],
    "followup": [SCAN, SCAN],
    "picture": [SCAN],
    "train": ["--cohort", TOY],
    "calibrate": ["--model", "intensity", "--cohort", TOY],
    "sample": ["--model", "svae"],
    "evaluate": ["--cohort", SAMPLES, "--models", "intensity"],
    "settings": ["--cohort", SAMPLES],
    "experiment": ["--quick"],
    "preprocess": ["--cohort", TOY],
    "simulate": [],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A mounted folder with one file, which nobody may change; permission bits alone do not hold for root."""
    place = tmp_path_factory.mktemp("read only")
    (place / "there").write_text("as it was")
    if os.geteuid():
        place.chmod(0o555)
        yield place
        place.chmod(0o755)
        return
    bound = subprocess.run(["mount", "--bind", str(place), str(place)], capture_output=True)
    if (
        bound.returncode
        or subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], capture_output=True).returncode
    ):
        pytest.skip("no folder could be mounted for reading alone here")
    yield place
    assert (place / "there").read_text() == "as it was"
    assert [path.name for path in place.iterdir()] == ["there"]
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("below", ["", "new/one"], ids=["there", "new"])
def test_results_are_refused_before_they_are_computed(folder, capfd, command, below):
    out = folder / below / "result.png" if command in ("picture", "sample") else folder / below
    assert main([command, *map(str, COMMANDS[command]), "--out", str(out)]) == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.strip() == (
        "uad_core: Nothing can be written where the results should go. Name a folder that you may write to, on a disk "
        "with space."
    )


def test_the_bids_app_says_so_too(folder, capfd, tmp_path):
    (tmp_path / "sub-01" / "anat").mkdir(parents=True)
    (tmp_path / "sub-01" / "anat" / "sub-01_FLAIR.nii.gz").write_bytes(SCAN.read_bytes())
    assert main(["bids", str(tmp_path), str(folder), "participant"]) == 2
    assert "Nothing can be written where the results should go." in capfd.readouterr().err


@pytest.mark.parametrize("command", ["train", "calibrate"])
def test_a_run_folder_that_cannot_be_written_is_a_sentence(folder, capfd, tmp_path, command):
    words = [*map(str, COMMANDS[command]), "--out", str(tmp_path), "--run", str(folder / "run")]
    if command == "train":
        words += ["--epochs", "1", "--model", "intensity"]
    assert main([command, *words]) == 2
    said = capfd.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert said[0].startswith("uad_core: Nothing can be written where the run is to be kept.")
    assert not list(tmp_path.iterdir())


def test_the_page_of_trainings_gets_a_sentence(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(training.TrainingRun, "home", folder / "runs")
    request = training.TrainRequest((TOY,), "toy", TrainConfig(epochs=1), tmp_path)
    with pytest.raises(RunError, match="cannot be written"):
        training.TrainingRun.start(request)


def test_a_preparation_that_cannot_be_kept_is_made_all_the_same(folder, monkeypatch):
    monkeypatch.setattr(kept, "PREPARED", folder / "prepared")
    slab = Slab(80, 4)
    prepared = prepare_once(SCAN.read_bytes(), slab, PrepareOptions(), lambda step, share: None)
    assert prepared.array.shape == slab.shape
