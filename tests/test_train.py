"""A whole small training, from pictures in a folder to a checkpoint that detects."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from uad_core.atlas import MNI_18_LEVEL, template
from uad_core.checkpoint import load_checkpoint
from uad_core.data import open_cohort
from uad_core.train import Progress, TrainConfig, pick_device, train

CONFIG = TrainConfig(epochs=3, batch_size=2, device="cpu", held_out=0.3)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Six noisy pictures of the template's own slice."""
    folder = tmp_path_factory.mktemp("controls")
    atlas = template()
    rng = np.random.default_rng(0)
    grey, brain = atlas.flair.array[MNI_18_LEVEL], atlas.brain_mask[MNI_18_LEVEL]
    for i in range(6):
        noisy = np.where(brain, np.clip(grey + rng.normal(0, 5, grey.shape), 1, 255), 0)
        Image.fromarray(noisy.astype(np.uint8)).save(folder / f"sub-{i}_FLAIR.png")
    return open_cohort(folder)


@pytest.fixture(scope="module")
def trained(cohort, tmp_path_factory) -> tuple[list[Progress], object]:
    out = tmp_path_factory.mktemp("checkpoints")
    return list(train([cohort], CONFIG, out, "small", "the command")), out


def test_progress_goes_through_its_stages_and_the_loss_falls(trained):
    progress, _ = trained
    stages = [p.stage for p in progress]
    assert list(dict.fromkeys(stages)) == ["load", "train", "calibrate", "done"]
    ends = [p for p in progress if p.stage == "train" and p.fraction == 1.0 and p.validation == p.validation]
    assert [p.epoch for p in ends] == [0, 1, 2]
    assert ends[-1].losses["l1"] < ends[0].losses["l1"] / 1.2


def test_the_checkpoint_says_who_was_in_it_and_who_was_held_out(trained, cohort):
    checkpoint = load_checkpoint("small", trained[1])
    (who,) = checkpoint.record["trained_on"]
    assert sorted(who["subjects"] + who["held_out"]) == [s.name for s in cohort.subjects]
    assert len(who["held_out"]) == 2
    assert checkpoint.record["command"] == "the command"
    assert len(checkpoint.record["loss_curve"]) == checkpoint.record["epochs"] == 3
    assert checkpoint.calibration.references[cohort.name].scans == 2
    assert checkpoint.calibration.histogram("absolute", 5).voxels > 20_000


def test_training_again_gives_the_same_bits(trained, cohort, tmp_path):
    list(train([cohort], CONFIG, tmp_path, "again"))
    first, again = load_checkpoint("small", trained[1]), load_checkpoint("again", tmp_path)
    assert first.sha256 == again.sha256
    list(train([cohort], replace(CONFIG, seed=1, epochs=1), tmp_path, "other"))
    assert load_checkpoint("other", tmp_path).sha256 != first.sha256


def test_a_time_limit_ends_training_after_the_running_epoch(cohort, tmp_path):
    list(train([cohort], replace(CONFIG, minutes=1e-6), tmp_path, "brief"))
    assert load_checkpoint("brief", tmp_path).record["epochs"] == 1


def test_a_loss_that_is_no_number_stops_training_and_writes_nothing(cohort, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.nn.functional.l1_loss", lambda a, b: (a - b).abs().mean() * float("nan"))
    with pytest.raises(FloatingPointError, match="no number"):
        list(train([cohort], CONFIG, tmp_path, "sick"))
    assert not list(tmp_path.iterdir())


def test_auto_is_a_device_that_exists():
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
