"""A reference of one's own: counted as a training's, kept beside the others, and how sure it is."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.support.training import no_calibration
from uad_core.__main__ import main
from uad_core.atlas.space import PAPER_SLAB, WHOLE_BRAIN, Slab
from uad_core.atlas.template import template
from uad_core.cohorts.cohort import open_cohort
from uad_core.cohorts.load import load_subject
from uad_core.io.volume import ScanError
from uad_core.models.calibration import BINS, ResidualHistogram
from uad_core.models.checkpoint import build_model, load_checkpoint, save_checkpoint
from uad_core.train.calibrate import calibrate
from uad_core.train.recalibrate import Certainty, Recalibration, recalibrate


@pytest.fixture
def cohort(tmp_path):
    """Six slices of one brain in different noise."""
    folder = tmp_path / "mine"
    folder.mkdir()
    brain = np.asarray(template().flair.array[87])
    for number in range(6):
        rng = np.random.default_rng(number)
        noisy = np.where(brain > 0, brain / brain.max() * 200 + rng.normal(0, 2 + number, brain.shape), 0)
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(folder / f"sub-{number}_FLAIR.png")
    return folder


@pytest.fixture
def checkpoints(tmp_path):
    about = {"trained_on": [{"cohort": "mine", "simulated": False, "subjects": ["sub-0"], "held_out": []}]}
    model = build_model("intensity")
    save_checkpoint(tmp_path / "ck" / "intensity", "intensity", model, PAPER_SLAB, no_calibration(), about)
    return tmp_path / "ck"


def test_the_command_adds_a_reference_that_equals_a_trainings_own(cohort, checkpoints, capsys):
    before = load_checkpoint("intensity", checkpoints)
    words = ["calibrate", "--model", "intensity", "--cohort", str(cohort), "--checkpoints", str(checkpoints)]
    assert main([*words, "--out", str(checkpoints)]) == 0
    after = load_checkpoint("intensity", checkpoints)
    assert "one of the 5 scans is left out" in capsys.readouterr().out
    assert after.sha256 == before.sha256
    assert after.identity != before.identity, "its thresholds are others"
    assert set(after.calibration.references) == {*before.calibration.references, "mine"}
    scans = [("mine", False, load_subject(one, PAPER_SLAB)) for one in open_cohort(cohort).subjects[1:]]
    expected = calibrate(before.model, scans, before.calibration.erosion_mm).references["mine"]
    found = after.calibration.references["mine"]
    assert found.scans == 5
    for key, histogram in expected.histograms.items():
        np.testing.assert_array_equal(found.histograms[key].counts, histogram.counts)
    assert main([*words, "--out", str(checkpoints)]) == 0, "again replaces it"


def test_fewer_levels_leave_the_other_references_out(cohort, checkpoints, tmp_path):
    model = build_model("intensity")
    save_checkpoint(tmp_path / "ck" / "whole", "intensity", model, WHOLE_BRAIN, no_calibration(), {})
    asked = Recalibration(
        load_checkpoint("whole", checkpoints), open_cohort(cohort), tmp_path / "out", "part", PAPER_SLAB
    )
    *_, last = recalibrate(asked)
    part = load_checkpoint("part", tmp_path / "out")
    assert part.slab == PAPER_SLAB
    assert set(part.calibration.references) == {"mine"}
    assert last.certainty is not None
    assert part.record["calibrated_on"] == {"mine": last.certainty.sentence()}


def test_too_few_unknown_levels_and_taken_names_are_refused(cohort, checkpoints, tmp_path):
    checkpoint, there = load_checkpoint("intensity", checkpoints), open_cohort(cohort)
    (cohort / "sub-5_FLAIR.png").unlink()
    with pytest.raises(ScanError, match="4 healthy scans that the model was not trained on"):
        list(recalibrate(Recalibration(checkpoint, open_cohort(cohort), tmp_path, "new")))
    with pytest.raises(ValueError, match="does not know"):
        list(recalibrate(Recalibration(checkpoint, there, tmp_path, "new", Slab(3, 2))))
    other = build_model("sae3", {"features": [4, 4, 4, 4], "latent": 2})
    save_checkpoint(tmp_path / "new", "sae3", other, PAPER_SLAB, no_calibration(), {})
    with pytest.raises(ValueError, match="another checkpoint"):
        Recalibration(checkpoint, there, tmp_path, "new").subjects()
    fuzzy = load_checkpoint("fuzzy")  # it has no weights either
    save_checkpoint(tmp_path / "intensity", "intensity", checkpoint.model, checkpoint.slab, checkpoint.calibration, {})
    with pytest.raises(ValueError, match="another checkpoint"):
        Recalibration(fuzzy, there, tmp_path, "intensity", checkpoint.slab).subjects()
    with pytest.raises(ValueError, match="another checkpoint"):  # the same, at fewer levels
        Recalibration(checkpoint, there, tmp_path, "intensity", Slab(checkpoint.slab.first, 1)).subjects()
    name = next(iter(load_checkpoint("intensity").calibration.references))
    (cohort / "cohort.json").write_text(json.dumps({"name": name}))
    (cohort / "sub-9_FLAIR.png").write_bytes((cohort / "sub-4_FLAIR.png").read_bytes())
    with pytest.raises(ValueError, match="rename your cohort"):
        Recalibration(load_checkpoint("intensity"), open_cohort(cohort), tmp_path, "newer").subjects()


def test_a_scan_that_cannot_be_read_is_left_out_and_too_few_write_nothing(cohort, checkpoints, tmp_path):
    (cohort / "sub-3_FLAIR.png").write_bytes(b"no picture")
    asked = Recalibration(load_checkpoint("intensity", checkpoints), open_cohort(cohort), tmp_path / "out", "intensity")
    with pytest.raises(ScanError, match="Only 4 scans"):
        list(recalibrate(asked))
    assert not (tmp_path / "out").exists()


def test_certainty_by_hand():
    """Voxels in bins 99 to 199 (residuals .05 to .1); percentile 90 of the others, and what lies above it."""
    ends = (99, 119, 139, 159, 199)
    scans = [ResidualHistogram(np.bincount(np.arange(end), minlength=BINS)) for end in ends]
    found = Certainty.of(scans, 90)
    values = [np.arange(end) / BINS for end in ends]
    shares = []
    for index, own in enumerate(values):
        others = np.concatenate([value for other, value in enumerate(values) if other != index])
        shares.append(100 * (own >= np.percentile(others, 90)).mean())
    np.testing.assert_allclose(found.shares, sorted(shares), atol=1)
    assert found.threshold == pytest.approx(np.percentile(np.concatenate(values), 90), abs=2 / BINS)
    assert found.lowest <= found.threshold <= found.highest
    assert "1 in 6" in found.sentence()
