"""A whole small training, from pictures in a folder to a checkpoint that detects."""

import json
import shlex
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.training import no_calibration, picture_cohort
from uad_core.cohorts.cohort import open_cohort
from uad_core.models.checkpoint import CheckpointError, load_checkpoint
from uad_core.train import TrainConfig, Training, TrainProgress, pick_device, train
from uad_core.train.config import parse_settings, recorded_command
from uad_core.train.step import learning_rate
from uad_core.train.validation import trivial_l1

SMALL = {"features": [8, 8, 8, 8]}
CONFIG = TrainConfig(epochs=3, batch_size=2, device="cpu", precision="32", held_out=0.3, settings=SMALL)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return open_cohort(picture_cohort(tmp_path_factory.mktemp("controls"), 6))


@pytest.fixture(scope="module")
def trained(cohort, tmp_path_factory) -> tuple[list[TrainProgress], object]:
    out = tmp_path_factory.mktemp("checkpoints")
    return list(train(Training([cohort], CONFIG, out, "small", "the command"))), out


@pytest.fixture
def quick(trained, monkeypatch):
    """No calibration; the training that all tests share has one."""
    monkeypatch.setattr("uad_core.train.finish.calibrate", no_calibration)


def test_progress_goes_through_its_stages_and_the_loss_falls(trained):
    progress, _ = trained
    stages = [p.stage for p in progress]
    assert list(dict.fromkeys(stages)) == ["load", "train", "calibrate", "done"]
    ends = [p for p in progress if p.stage == "train" and p.fraction == 1.0]
    assert [p.epoch for p in ends] == [0, 1, 2]
    assert ends[-1].losses["l1"] < ends[0].losses["l1"] / 1.2
    assert all(p.images_per_second > 0 and p.seconds_left >= 0 for p in ends)


def test_the_checkpoint_says_who_was_in_it_and_who_was_held_out(trained, cohort):
    checkpoint = load_checkpoint("small", trained[1])
    (who,) = checkpoint.record["trained_on"]
    assert sorted(who["subjects"] + who["held_out"]) == [s.name for s in cohort.subjects]
    assert len(who["held_out"]) == 2
    assert checkpoint.record["command"] == "the command"
    assert len(checkpoint.record["loss_curve"]) == checkpoint.record["epochs"] == 3
    assert checkpoint.record["images"] == 12
    assert checkpoint.calibration.references[cohort.name].scans == 2
    assert checkpoint.calibration.histogram("absolute", 5).voxels > 20_000


def test_a_model_that_reconstructs_worse_than_the_median_slice_is_not_called_learned(trained):
    record = json.loads((trained[1] / "small.json").read_text())
    assert record["healthy_l1"] > record["trivial_l1"] > 0  # after 12 pictures
    assert record["learned"] is False


def test_the_trivial_reconstruction_is_the_median_slice_of_the_same_or_nearest_level():
    learn = [np.stack([np.full((4, 4), value, np.float32) for value in (0.1, 0.2, 0.9, 0.5)])]
    levels = [np.array([70, 70, 70, 75])]
    held = np.stack([np.full((4, 4), value, np.float32) for value in (0.3, 0.5)])
    assert trivial_l1(learn, levels, held, np.array([70, 80])) == pytest.approx((0.1 + 0.0) / 2)


def test_training_again_gives_the_same_bits(quick, trained, cohort, tmp_path):
    list(train(Training([cohort], CONFIG, tmp_path, "again")))
    first, again = load_checkpoint("small", trained[1]), load_checkpoint("again", tmp_path)
    assert first.sha256 == again.sha256
    list(train(Training([cohort], replace(CONFIG, seed=1, epochs=1), tmp_path, "other")))
    assert load_checkpoint("other", tmp_path).sha256 != first.sha256


def test_a_training_begins_with_the_weights_of_another(quick, trained, cohort, tmp_path):
    """Without an epoch the weights are those of the checkpoint, rounded as a file holds them."""
    config = replace(CONFIG, epochs=0, start_from="small")
    list(train(Training([cohort], config, trained[1], "further")))
    assert load_checkpoint("further", trained[1]).sha256 == load_checkpoint("small", trained[1]).sha256
    other = replace(config, settings=SMALL | {"latent": 4})
    with pytest.raises(CheckpointError, match="of other settings"):
        list(train(Training([cohort], other, trained[1], "another")))


def test_nobody_is_held_out_whom_the_weights_that_it_begins_with_know(quick, trained, cohort):
    config = replace(CONFIG, epochs=0, start_from="small", seed=1)
    known = load_checkpoint("small", trained[1]).record["trained_on"][0]["subjects"]
    held_out = {subject.name for subject in cohort.split(0.3, 1)[1].subjects}
    assert held_out & set(known), "the other seed holds others out"
    with pytest.raises(ValueError, match="take its --seed"):
        list(train(Training([cohort], config, trained[1], "leaky")))
    list(train(Training([cohort], replace(config, seed=0), trained[1], "sound")))
    assert load_checkpoint("sound", trained[1]).record["begun_with"]["trained_on"][0]["subjects"] == known


def test_a_time_limit_ends_training_after_the_running_epoch(quick, cohort, tmp_path):
    list(train(Training([cohort], replace(CONFIG, minutes=1e-6), tmp_path, "brief")))
    assert load_checkpoint("brief", tmp_path).record["epochs"] == 1


def test_a_time_limit_that_one_process_reaches_ends_them_all(quick, cohort, tmp_path, monkeypatch):
    """Their clocks differ: one that went on alone would wait for the others for ever."""
    monkeypatch.setattr("uad_core.train.distributed.Distributed.any", lambda self, wanted: [True for _ in wanted])
    list(train(Training([cohort], replace(CONFIG, minutes=60), tmp_path, "together")))
    assert load_checkpoint("together", tmp_path).record["epochs"] == 1


def test_training_ends_early_when_healthy_validation_no_longer_improves(quick, cohort, tmp_path, monkeypatch):
    errors = iter([0.5, 0.4, 0.45, 0.41, 0.3])
    monkeypatch.setattr("uad_core.train.loop.validation_error", lambda *_: next(errors))
    list(train(Training([cohort], replace(CONFIG, epochs=5, patience=2), tmp_path, "early")))
    record = load_checkpoint("early", tmp_path).record
    assert (record["epochs"], record["best_epoch"], record["best_validation_l1"]) == (4, 1, 0.4)


def test_a_loss_that_is_no_number_stops_training_and_writes_nothing(cohort, tmp_path):
    wild = replace(CONFIG, settings=SMALL | {"learning_rate": 1e30})
    with pytest.raises(FloatingPointError, match=r"no numbers? any more"):
        list(train(Training([cohort], wild, tmp_path / "out", "sick", run=tmp_path / "run")))
    assert not (tmp_path / "out").exists()
    progress = json.loads((tmp_path / "run" / "progress.json").read_text())
    assert progress["stage"] == "failed"
    assert progress["message"].endswith("try a lower learning rate or --clip-norm 1.")


@pytest.mark.parametrize("change", [{"precision": "bf16"}, {"clip_norm": 0.1, "schedule": "cosine"}], ids=str)
def test_other_ways_to_train_run_and_differ(quick, trained, cohort, tmp_path, change):
    list(train(Training([cohort], replace(CONFIG, **change), tmp_path, "other")))
    other = load_checkpoint("other", tmp_path)
    assert other.sha256 != load_checkpoint("small", trained[1]).sha256
    assert other.record["training"]["precision"] == change.get("precision", "32")


def test_the_cosine_schedule_falls_from_the_whole_rate_to_nothing():
    assert learning_rate(1e-3, 0.0, "cosine") == 1e-3
    assert learning_rate(1e-3, 0.5, "cosine") == pytest.approx(5e-4)
    assert learning_rate(1e-3, 1.0, "cosine") == pytest.approx(0)
    assert learning_rate(1e-3, 0.7, "plain") == 1e-3


def test_compiling_without_a_compiler_is_refused_with_a_sentence(cohort, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(ValueError, match="needs a C\\+\\+ compiler"):
        list(train(Training([cohort], replace(CONFIG, compile=True), tmp_path, "compiled")))


def test_auto_is_a_device_that_exists():
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(ValueError, match="no kind of device"):
        pick_device("abacus")


def test_settings_of_the_model_are_checked_against_its_own_config():
    assert parse_settings("sae3", ["learning_rate=1", "features=8,16"]) == {"learning_rate": 1.0, "features": [8, 16]}
    with pytest.raises(ValueError, match="has no setting 'wings'; there are: features"):
        parse_settings("sae3", ["wings=2"])
    with pytest.raises(ValueError, match="does not take 'wide'"):
        parse_settings("sae3", ["learning_rate=wide"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", -1),
        ("batch_size", 0),
        ("held_out", 1.0),
        ("clip_norm", 0.0),
        ("schedule", "linear"),
        ("precision", "16"),
    ],
)
def test_a_config_out_of_range_is_refused_with_a_sentence(name, value):
    with pytest.raises(ValueError, match=r"must .* not"):
        TrainConfig(**{name: value})


def test_the_recorded_command_names_cohorts_and_what_was_changed(cohort):
    config = replace(CONFIG, patience=9, minutes=2.5)
    words = " ".join(shlex.split(recorded_command([cohort], config, "small")))
    assert f"--cohort {cohort.name} " in words
    for part in ("--epochs 3", "--held-out 0.3", "--patience 9", "--minutes 2.5", "--set features=[8,8,8,8]"):
        assert part in words
    assert "/" not in words
