"""A checkpoint that cannot be trusted is never used."""

import json
import os
from contextlib import nullcontext, suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from uad_core.atlas.space import PAPER_SLAB, WHOLE_BRAIN
from uad_core.io.paths import CHECKPOINTS
from uad_core.io.sealed import SEAL, unsealed, write_sealed
from uad_core.models import MODELS
from uad_core.models.calibration import BINS, Calibration, Reference, ResidualHistogram
from uad_core.models.checkpoint import (
    CheckpointError,
    build_model,
    checkpoint_names,
    checkpoint_slab,
    halve,
    load_checkpoint,
    save_checkpoint,
)

CALIBRATION = Calibration(
    2.0, {"phantoms": Reference(True, 1, 1.0, {("absolute", 5): ResidualHistogram(np.ones(BINS, np.int64))})}
)


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    model = build_model("sae3")
    halve(model)
    save_checkpoint(tmp_path / "one", "sae3", model, PAPER_SLAB, CALIBRATION, {"epochs": 0})
    return tmp_path


def test_what_is_loaded_equals_what_was_saved_to_the_bit(folder):
    torch.manual_seed(0)
    model = build_model("sae3")
    halve(model)
    loaded = load_checkpoint("one", folder)
    for key, value in model.state_dict().items():
        torch.testing.assert_close(loaded.model.state_dict()[key], value, rtol=0, atol=0)
    assert loaded.slab == PAPER_SLAB
    assert not loaded.model.training
    assert loaded.record["epochs"] == 0


def test_the_levels_are_read_without_the_weights_and_a_damaged_description_is_said(folder):
    (folder / "one.safetensors").write_bytes(b"")
    assert checkpoint_slab("one", folder) == PAPER_SLAB
    (folder / "one.json").write_text('{"slab": {"first": 70}}')
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint_slab("one", folder)


def test_every_flipped_bit_of_the_weights_is_noticed(folder):
    path = folder / "one.safetensors"
    good = path.read_bytes()
    rng = np.random.default_rng(0)
    for position in rng.integers(0, len(good), 40):
        bad = bytearray(good)
        bad[position] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(bad))
        with pytest.raises(CheckpointError, match="damaged"):
            load_checkpoint("one", folder)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model": "nobody"}, "no model 'nobody'"),
        ({"config": {"width": 3}}, "no setting width"),
        ({"config": {"latent": 8}}, "does not fit"),
        ({"slab": {"first": 150, "count": 20}}, "does not fit"),
        ({"calibration": {}}, "erosion_mm must be a number"),
        ({"learned": "yes"}, "learned must be true or false"),
        ({"slab": {"first": "70", "count": 20}}, "first must be a whole number"),
        ({"config": {"latent": True}}, "latent must be"),
    ],
)
def test_a_description_that_does_not_fit_is_refused_in_a_sentence(folder, change, sentence):
    path = folder / "one.json"
    write_sealed(path, json.loads(path.read_text()) | change)
    with pytest.raises(CheckpointError, match=sentence):
        load_checkpoint("one", folder)


def test_every_flipped_bit_of_the_description_is_noticed_or_changes_nothing(folder):
    path = folder / "one.json"
    good, rng = path.read_bytes(), np.random.default_rng(1)
    clean = unsealed(good)
    for position in rng.integers(0, len(good), 300):
        bad = bytearray(good)
        bad[position] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(bad))
        with suppress(CheckpointError):
            assert load_checkpoint("one", folder).record.items() >= clean.items()


@pytest.mark.parametrize("name", checkpoint_names())
def test_shipped_checkpoints_have_a_digest(name):
    assert SEAL in json.loads((CHECKPOINTS / f"{name}.json").read_text())


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    model = build_model("sae3")
    with torch.no_grad():
        next(model.parameters())[0] = float("nan")
    save_checkpoint(tmp_path / "sick", "sae3", model, PAPER_SLAB, CALIBRATION, {})
    with pytest.raises(CheckpointError, match="not numbers"):
        load_checkpoint("sick", tmp_path)


def test_a_missing_checkpoint_is_answered_with_those_that_exist(folder):
    with pytest.raises(CheckpointError, match="one"):
        load_checkpoint("two", folder)


@pytest.mark.parametrize("name", checkpoint_names())
def test_shipped_checkpoints_load_and_say_what_they_are(name):
    checkpoint = load_checkpoint(name)
    record = checkpoint.record
    assert {"trained_on", "training", "epochs", "seconds", "command", "loss_curve", "learned", "use"} <= record.keys()
    assert record["command"].startswith("python -m uad_core train --")
    assert len(record["loss_curve"]) == record["epochs"]
    own = record["healthy_l1"]  # of models that reconstruct
    assert checkpoint.learned is (None if own is None else own < record["trivial_l1"])
    assert (own is None) == (not checkpoint.spec.reconstructs)
    for cohort in record["trained_on"]:
        assert cohort["subjects"] or cohort["cohort"] in record["calibrated_on"]
        assert cohort["held_out"] or len(cohort["subjects"]) == 1  # one person beside a cohort is learnt from whole
    assert all(reference.millilitres > 0 for reference in checkpoint.calibration.references.values())


def test_every_model_of_the_list_ships_as_a_checkpoint_and_one_knows_the_whole_brain():
    shipped = [load_checkpoint(name) for name in checkpoint_names()]
    assert {checkpoint.record["model"] for checkpoint in shipped} == MODELS.keys()
    assert any(checkpoint.slab == WHOLE_BRAIN for checkpoint in shipped)


def test_the_shipped_checkpoints_together_stay_small():
    assert sum(path.stat().st_size for path in CHECKPOINTS.iterdir()) < 45e6


def test_no_shipped_checkpoint_holds_a_path_of_the_machine_it_was_made_on():
    for name in checkpoint_names():
        text = (CHECKPOINTS / f"{name}.json").read_text()
        assert "/home" not in text
        assert "/tmp" not in text
        assert "/root" not in text


@pytest.mark.parametrize("dies_at", range(1, 7))
def test_at_whatever_step_a_save_over_another_dies_the_old_or_the_new_one_loads(tmp_path, monkeypatch, dies_at):
    shas = []
    for number, folder in enumerate((tmp_path, tmp_path / "other")):
        torch.manual_seed(number)
        save_checkpoint(folder / "one", "sae3", build_model("sae3"), PAPER_SLAB, CALIBRATION, {})
        shas.append(load_checkpoint("one", folder).sha256)
    steps = [0]

    class Death(BaseException):
        pass

    def deadly(function):
        def counted(*values):
            steps[0] += 1
            if steps[0] == dies_at:
                raise Death
            return function(*values)

        return counted

    monkeypatch.setattr("os.fsync", deadly(os.fsync))
    monkeypatch.setattr("pathlib.Path.replace", deadly(Path.replace))
    torch.manual_seed(1)
    with pytest.raises(Death) if dies_at < 6 else nullcontext():  # two syncs, two names, and that of the new weights
        save_checkpoint(tmp_path / "one", "sae3", build_model("sae3"), PAPER_SLAB, CALIBRATION, {})
    monkeypatch.undo()
    assert shas[0] != shas[1]
    assert load_checkpoint("one", tmp_path).sha256 == shas[dies_at > 4]


def test_no_two_bundled_checkpoints_are_taken_for_one():
    known = [load_checkpoint(name) for name in checkpoint_names()]
    assert len({one.identity for one in known}) == len(known)
    assert len({one.sha256 for one in known}) < len(known), "those without weights share the digest of none"


def test_a_setting_that_came_after_a_checkpoint_is_off_for_it(tmp_path):
    """Its residuals were counted without it: the spec's value for new trainings would shift its thresholds."""
    model = build_model("marker", {"widths": [8, 8, 8], "brightness": 0.0})
    save_checkpoint(tmp_path / "old", "marker", model, PAPER_SLAB, CALIBRATION, {})
    record = unsealed((tmp_path / "old.json").read_bytes())
    del record["config"]["brightness"]
    write_sealed(tmp_path / "old.json", {key: value for key, value in record.items() if key != SEAL})
    assert MODELS["marker"].config.brightness > 0
    assert load_checkpoint("old", tmp_path).model.config.brightness == 0
