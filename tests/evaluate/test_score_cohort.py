"""Evaluating a cohort: the chain is that of detection, the figures are those of the files, twice the same."""

import argparse
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from torch import nn

from uad_core.__main__ import main
from uad_core.atlas.space import MNI_18_LEVEL, Slab
from uad_core.atlas.template import template
from uad_core.cohorts.cohort import Cohort, open_cohort
from uad_core.commands import evaluate as command
from uad_core.evaluate import rows
from uad_core.evaluate.config import EvaluateConfig
from uad_core.evaluate.metrics import curve, dice
from uad_core.evaluate.rows import PLAIN, EvaluationSession, knows, table_rows
from uad_core.evaluate.score_case import load_case
from uad_core.evaluate.score_cohort import score_cases, score_cohort
from uad_core.evaluate.summary import summarise
from uad_core.io.nifti import write_nifti
from uad_core.io.volume import ScanError, Volume
from uad_core.models import MODELS, AnomalyModel
from uad_core.models.calibration import BINS, Calibration, Reference, ResidualHistogram
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.median import filtered
from uad_core.pipeline.postprocess import MEDIAN_SIZES, SIGNS, PostprocessConfig
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import DetectConfig, segment

CONFIG = EvaluateConfig(signed="absolute", median_size=3, resamples=200)
SIZE = (189, 157)


class Constant(AnomalyModel):
    """Reconstructs every slice as one grey."""

    def __init__(self, grey):
        super().__init__()
        self.grey = nn.Parameter(torch.tensor(grey))

    def forward(self, slices):
        return 0 * slices + self.grey

    def objectives(self):
        return []


def checkpoint_of(name, grey=0.5, slab=Slab(70, 20), model="dae", trained_on=()):
    counts = np.ones(BINS, np.int64)
    counts[BINS // 4 :] = 0  # the 98th percentile lies at 0.245
    flat = ResidualHistogram(counts)
    histograms = {(signed, size): flat for signed in SIGNS for size in MEDIAN_SIZES}
    references = {"made": Reference(True, 1, 1.0, histograms), "real": Reference(False, 1, 1.0, histograms)}
    record = {"model": model, "trained_on": list(trained_on)}
    return Checkpoint(name, Constant(grey).eval(), slab, Calibration(2.0, references), record, "0" * 64)


def brain_picture(seed):
    """The template's brain at the slices' level, textured, in the middle of a picture of SOOP's size."""
    brain = template().brain_mask[MNI_18_LEVEL]
    texture = ndimage.gaussian_filter(np.random.default_rng(seed).random(brain.shape), 2)
    picture = np.where(brain, 100 + 200 * (texture - texture.mean()), 0)
    return picture[25 : 25 + SIZE[0], 41 : 41 + SIZE[1]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three patients with a bright lesion (the last's mask lies beside it), two healthy subjects, one broken file."""
    path = tmp_path_factory.mktemp("slices")
    rows, columns = np.ogrid[: SIZE[0], : SIZE[1]]
    for i in range(5):
        picture = brain_picture(i)
        lesion = (rows - 90) ** 2 + (columns - 60) ** 2 <= (4 + 2 * i) ** 2
        if i < 3:
            picture[lesion] = 190
            mask = np.roll(lesion, 30, axis=1) if i == 2 else lesion
            Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(path / f"sub-{i}_lesion.png")
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(path / f"sub-{i}_FLAIR.png")
    Image.fromarray(np.zeros(SIZE, np.uint8)).save(path / "sub-9_FLAIR.png")
    (path / "cohort.json").write_text(json.dumps({"name": "drawn", "simulated": True}))
    return path


def session_of(cohort, checkpoints, config=CONFIG, plain=True):
    return EvaluationSession(cohort, tuple(table_rows(cohort, checkpoints, config, plain)), config)


def tables_of(cohort, checkpoints, config=CONFIG, plain=True):
    session = session_of(cohort, checkpoints, config, plain)
    progress = list(score_cases(session))
    scores = [score for one in progress for score in one.scores]
    refused = {one.subject: one.problem for one in progress if one.problem}
    return summarise(session, scores, refused), progress


@pytest.fixture(scope="module")
def evaluated(folder):
    return tables_of(open_cohort(folder), [checkpoint_of("a"), checkpoint_of("intensity", 0.4, model="intensity")])


@pytest.mark.parametrize("setting", [{"false_discovery": 10.0}, {"look": "white-matter"}])
def test_rate_and_place_are_those_of_detection(folder, setting):
    cohort, checkpoint = open_cohort(folder), checkpoint_of("a")
    _, progress = tables_of(cohort, [checkpoint], replace(CONFIG, **setting), plain=False)
    case, score = progress[0].case, progress[0].scores[0]
    reconstruction = reconstruct(case.prepared, checkpoint)
    post = PostprocessConfig("absolute", 3, look=setting.get("look", "everywhere"))
    rate = setting.get("false_discovery")
    asked = DetectConfig(CONFIG.percentile or 98.0, reference="made", postprocess=post, false_discovery=rate)
    found = segment(reconstruction, asked)
    assert score.threshold == found.threshold
    assert score.dice == dice(found.mask, case.truth)


def test_unless_a_percentile_is_named_each_model_is_scored_at_its_own(folder):
    cohort, models = open_cohort(folder), [checkpoint_of("a", model="marker"), checkpoint_of("b", model="sae3")]
    marker, other = table_rows(cohort, models, CONFIG, False)
    assert (marker.percentile, other.percentile) == (MODELS["marker"].percentile, 98.0) == (99.8, 98.0)
    assert marker.thresholds[0] == models[0].calibration.histogram("positive", 3, "made").threshold(99.8)
    asked = table_rows(cohort, models, replace(CONFIG, percentile=95.0), False)
    assert [row.percentile for row in asked] == [95.0, 95.0]


def test_dice_is_that_of_the_mask_that_detection_gives(folder, evaluated):
    tables, _ = evaluated
    subject, checkpoint = open_cohort(folder).subjects[0], checkpoint_of("a")
    case = load_case(subject, checkpoint.slab, set(range(155)), 2.0)
    post = PostprocessConfig("absolute", 3)
    for percentile, key in ((98.0, "98"), (90.0, "90")):
        reconstructed = reconstruct(case.prepared, checkpoint)
        mask = segment(reconstructed, DetectConfig(percentile, None, "made", post)).mask
        (patient,) = (p for p in tables.metrics["per_patient"] if (p["subject"], p["model"]) == ("sub-0", "a"))
        assert patient["dice_at"][key] == dice(mask, case.truth)
    assert patient["dice"] == patient["dice_at"]["98"] > 0.5


def test_what_a_mask_marks_as_neither_is_not_scored(folder, tmp_path):
    (tmp_path / "sub-0_FLAIR.png").write_bytes((folder / "sub-0_FLAIR.png").read_bytes())
    labels = np.zeros(SIZE, np.uint8)
    labels[85:95, 55:65], labels[60:66, 70:76], labels[100:120, 80:100] = 1, 1, 2  # two lesions, one other thing
    Image.fromarray(labels).save(tmp_path / "sub-0_lesion.png")
    case = load_case(open_cohort(tmp_path).subjects[0], Slab(MNI_18_LEVEL, 1), set(range(155)), 2.0)
    Image.fromarray((labels == 1).astype(np.uint8)).save(tmp_path / "sub-0_lesion.png")
    plain = load_case(open_cohort(tmp_path).subjects[0], Slab(MNI_18_LEVEL, 1), set(range(155)), 2.0)
    np.testing.assert_array_equal(case.truth, plain.truth)
    left_out = plain.inside & ~case.inside
    assert not (case.inside & ~plain.inside).any()
    assert 0.8 * 400 < left_out.sum() * case.voxel_mm3 < 1.2 * 400
    assert "neither lesion nor healthy" in case.notes[0]
    assert plain.notes == ()


def test_one_damaged_picture_among_two_is_one_subject_left_out_and_not_the_end(folder, tmp_path, capsys):
    for kind in ("FLAIR", "lesion"):
        (tmp_path / f"sub-0_{kind}.png").write_bytes((folder / f"sub-0_{kind}.png").read_bytes())
    (tmp_path / "sub-1_FLAIR.png").write_bytes((folder / "sub-1_FLAIR.png").read_bytes()[:500])
    tables, progress = tables_of(open_cohort(tmp_path), [checkpoint_of("a")])
    assert [bool(case.scores) for case in progress] == [True, False]
    assert "damaged" in tables.metrics["refused"]["sub-1"]
    (tmp_path / "sub-0_FLAIR.png").write_bytes(b"no picture")
    assert main(["evaluate", f"--cohort={tmp_path}", "--models=intensity", f"--out={tmp_path / 'out'}"]) == 2
    printed = capsys.readouterr().err
    assert "damaged" in printed
    assert "None" not in printed


def test_the_truth_of_a_picture_goes_through_the_same_transform_as_the_picture(folder):
    case = load_case(open_cohort(folder).subjects[1], Slab(70, 20), set(range(155)), 2.0)
    bright = case.prepared.array > 0.75
    assert case.truth.sum() > 60
    assert dice(bright, case.truth) > 0.85


def test_the_truth_of_a_prepared_volume_is_cut_as_the_volume_is(tmp_path):
    stored = Slab(65, 30)
    brain = np.zeros(stored.shape, bool)
    brain[:, 8:-8, 8:-8] = template().brain_mask[65:95]
    lesion = np.zeros(stored.shape, bool)
    lesion[4:7, 100:106, 110:120] = True  # levels 69 to 71
    texture = 0.4 + 0.2 * np.random.default_rng(0).random(stored.shape, np.float32)
    grid = Volume.from_canonical(np.where(brain, texture, 0), stored.affine)
    write_nifti(tmp_path / "sub-1_FLAIR.nii.gz", np.where(lesion, np.float32(0.9), grid.array), grid)
    for kind, mask in (("lesion", lesion), ("brainmask", brain)):
        write_nifti(tmp_path / f"sub-1_{kind}.nii.gz", mask, grid)
    (tmp_path / "cohort.json").write_text(json.dumps({"prepared": True}))
    case = load_case(open_cohort(tmp_path).subjects[0], Slab(70, 20), set(range(71, 90)), 2.0)
    assert np.flatnonzero(case.truth.any(axis=(1, 2))).tolist() == [1]  # level 71: 69 is not cut, 70 not known
    np.testing.assert_array_equal(case.truth[1], case.prepared.array[1] > 0.8)
    assert not case.inside[0].any()


def test_pooled_average_precision_is_that_of_all_patients_voxels_together(folder, evaluated):
    tables, progress = evaluated
    cases = [load_case(s, Slab(70, 20), set(range(155)), 2.0) for s in open_cohort(folder).subjects[:3]]
    values = [filtered(abs(s.prepared.array - np.float32(0.5)), s.inside, 3)[s.inside] for s in cases]
    pooled = curve(np.concatenate(values), np.concatenate([s.truth[s.inside] for s in cases]))
    assert tables.metrics["models"]["a"]["auprc_pooled"] == pytest.approx(pooled.average_precision, rel=1e-12)
    assert [one.subject for one in progress if one.problem] == ["sub-9"]
    assert list(tables.metrics["refused"]) == ["sub-9"]


def test_the_record_has_the_shape_that_was_asked_for(evaluated):
    metrics = evaluated[0].metrics
    assert 0 < metrics["auprc_chance"] < 0.1
    assert (metrics["cohort"], metrics["patients"], metrics["healthy"], metrics["simulated"]) == ("drawn", 3, 2, True)
    model = metrics["models"]["a"]
    for figure in (
        "auprc_pooled", "auprc_mean", "dice_mean", "dice_std", "best_dice", "percentile", "false_positive_ml",
        "seconds_per_slice", "lesion_recall", "lesion_precision", "lesion_f1",
    ):  # fmt: skip
        assert isinstance(model[figure], int | float), figure
    own = [p["dice"] for p in metrics["per_patient"] if p["model"] == "a" and not p["healthy"]]
    assert model["dice_mean"] == pytest.approx(np.mean(own))
    assert model["dice_std"] == pytest.approx(np.std(own, ddof=1))
    assert model["dice_ci"][0] <= model["dice_mean"] <= model["dice_ci"][1]
    assert model["best_dice"] >= model["dice_mean"]
    assert list(model["dice_by_percentile"]) == ["80", "90", "95", "97", "98", "99", "99.5", "99.8", "99.9"]
    assert model["dice_by_percentile"]["98"] == pytest.approx(model["dice_mean"])
    assert (model["signed"], model["reference"]) == ("absolute", "made")
    json.dumps(metrics, allow_nan=False)


def test_the_difference_to_model_0_is_taken_patient_by_patient(evaluated):
    models = evaluated[0].metrics["models"]
    difference = models["a"]["difference_to_intensity"]["dice"]
    assert difference["mean"] == pytest.approx(models["a"]["dice_mean"] - models["intensity"]["dice_mean"])
    assert difference["patients"] == 3
    assert models["intensity"]["difference_to_intensity"] is None


def test_plain_intensity_has_no_threshold_and_says_so(evaluated):
    plain = evaluated[0].metrics["models"][PLAIN]
    assert plain["auprc_pooled"] > 0.3
    assert plain["best_dice"] > 0.3
    for figure in ("dice_mean", "threshold", "false_positive_ml", "dice_by_percentile", "seconds_per_slice", "signed"):
        assert plain[figure] is None
    assert "no healthy residuals" in evaluated[0].metrics["notes"][PLAIN]


def test_the_curves_end_where_everything_is_found(evaluated):
    drawn = evaluated[0].curves["models"]["a"]
    assert drawn["recall"][-1] == 1
    assert len(drawn["recall"]) == len(drawn["precision"]) <= 200
    assert sum(drawn["anomalous"]) > 0


def test_thresholds_do_not_move_when_the_truth_does(folder, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).symlink_to(path)
    before = tables_of(open_cohort(folder), [checkpoint_of("a")])[0].metrics["models"]["a"]
    (tmp_path / "sub-0_lesion.png").unlink()
    Image.fromarray(np.full(SIZE, 255, np.uint8)).save(tmp_path / "sub-0_lesion.png")
    after = tables_of(open_cohort(tmp_path), [checkpoint_of("a")])[0].metrics["models"]["a"]
    assert after["threshold"] == before["threshold"]
    assert after["dice_mean"] != before["dice_mean"]


def test_a_patient_without_a_lesion_at_these_levels_is_counted_and_left_out(folder, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "sub-1_lesion.png").unlink()
    Image.fromarray(np.zeros(SIZE, np.uint8)).save(tmp_path / "sub-1_lesion.png")
    metrics = tables_of(open_cohort(tmp_path), [checkpoint_of("a")])[0].metrics
    assert (metrics["patients"], metrics["patients_without_lesion_at_these_levels"]) == (2, 1)


def test_healthy_subjects_that_a_model_was_trained_on_do_not_count_as_healthy(folder):
    entry = {"cohort": "drawn", "subjects": ["sub-3"], "held_out": ["sub-4"]}
    checkpoint, cohort = checkpoint_of("a", trained_on=[entry]), open_cohort(folder)
    named = {subject.name: subject for subject in cohort.subjects}
    assert [knows(checkpoint, named[f"sub-{i}"], cohort) for i in (0, 3, 4)] == ["", "trained", "calibrated"]
    assert knows(checkpoint, replace(named["sub-0"], anatomy="sub-3"), cohort) == "anatomy"
    assert knows(checkpoint, named["sub-3"], replace(cohort, name="other")) == ""
    metrics = tables_of(cohort, [checkpoint])[0].metrics
    assert metrics["healthy_trained_on"] == 1
    assert metrics["models"]["a"]["false_positive_subjects"] == 1


def test_both_signs_are_rows_of_their_own_and_a_bright_lesion_is_there_in_both(folder):
    metrics = tables_of(open_cohort(folder), [checkpoint_of("a")], replace(CONFIG, signed="both"), False)[0].metrics
    assert list(metrics["models"]) == ["a:absolute", "a:positive"]
    assert metrics["models"]["a:positive"]["auprc_pooled"] > 0.3
    assert metrics["models"]["a:absolute"]["auprc_pooled"] > 0.3


def test_the_reference_is_of_the_cohorts_own_kind_unless_one_is_named(folder):
    cohort = open_cohort(folder)
    for simulated, wanted, expected in ((True, None, "made"), (False, None, "real"), (True, "real", "real")):
        config = replace(CONFIG, reference=wanted)
        (row,) = table_rows(replace(cohort, simulated=simulated), [checkpoint_of("a")], config, False)
        assert row.reference == expected
    with pytest.raises(ValueError, match="no healthy reference"):
        table_rows(cohort, [checkpoint_of("a")], replace(CONFIG, reference="elsewhere"), False)


def test_models_are_compared_at_the_levels_that_all_of_them_know():
    here, there = checkpoint_of("a", slab=Slab(70, 20)), checkpoint_of("b", slab=Slab(85, 20))
    cohort = Cohort("nobody", True, ())
    assert session_of(cohort, [here, there]).levels()[1] == {85, 86, 87, 88, 89}
    with pytest.raises(ValueError, match="different axial levels"):
        session_of(cohort, [here, checkpoint_of("c", slab=Slab(10, 5))]).levels()


def test_a_mask_of_another_size_refuses_the_subject(folder, tmp_path):
    (tmp_path / "sub-0_FLAIR.png").symlink_to(folder / "sub-0_FLAIR.png")
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(tmp_path / "sub-0_lesion.png")
    with pytest.raises(ScanError, match="different numbers of pixels"):
        load_case(open_cohort(tmp_path).subjects[0], Slab(70, 20), set(range(155)), 2.0)


def test_a_limit_takes_so_many_patients_and_so_many_healthy(folder):
    _, progress = tables_of(open_cohort(folder), [checkpoint_of("a")], replace(CONFIG, limit=1), False)
    assert [one.subject for one in progress] == ["sub-0", "sub-3"]


@pytest.mark.parametrize("bad", [{"percentile": 101}, {"signed": "negative"}, {"limit": 0}, {"median_size": 4}])
def test_settings_that_mean_nothing_are_refused(bad):
    with pytest.raises(ValueError, match=r"must"):
        EvaluateConfig(**bad)


def test_the_command_writes_the_same_numbers_twice_and_labels_best_cases(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(rows, "load_checkpoint", lambda name, folder: checkpoint_of(name))
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    for out in ("one", "two"):
        arguments = ["--cohort", str(folder), "--models", f"a,{PLAIN}", "--out", str(tmp_path / out)]
        options = parser.parse_args(arguments)
        options.run(options)
    first, second = (json.loads((tmp_path / out / "metrics.json").read_text()) for out in ("one", "two"))
    for metrics in (first, second):
        del metrics["command"], metrics["record_sha256"]
        for record in (*metrics["models"].values(), *metrics["per_patient"]):
            del record["seconds_per_slice"]
    assert first == second
    printed = capsys.readouterr().out
    assert "SIMULATED" in printed
    assert "BEST CASE" in printed
    lines = (tmp_path / "one" / "metrics.tsv").read_text().splitlines()
    assert len(lines) == 3
    assert len({line.count("\t") for line in lines}) == 1
    assert str(tmp_path) not in (tmp_path / "one" / "metrics.json").read_text()
    patients = (tmp_path / "one" / "per_patient.tsv").read_text().splitlines()
    assert len(patients) == 1 + 2 * 5


def test_a_collector_gets_every_scored_case_with_the_mask_that_its_dice_was_counted_on(folder, tmp_path):
    class Kept(list):
        def on_case(self, case, scores):
            self.append((case, scores))

    kept, progress = Kept(), []
    session = session_of(open_cohort(folder), [checkpoint_of("a")])
    tables = score_cohort(session, tmp_path, "command", [kept], progress.append)
    assert [case.subject.name for case, _ in kept] == ["sub-0", "sub-1", "sub-2", "sub-3", "sub-4"]
    assert [(one.subject, one.done, one.total) for one in progress][-1] == ("sub-9", 6, 6)
    for case, (score, plain) in kept[:3]:
        assert dice(case.on_grid(score.mask), case.truth) == score.dice
        assert plain.mask is None
    assert all(score.mask is None for _, scores in kept[3:] for score in scores), "of healthy subjects nothing is kept"
    written = json.loads((tmp_path / "metrics.json").read_text())
    del written["record_sha256"]
    assert written == json.loads(json.dumps(tables.metrics))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "curves.json", "metrics.json", "metrics.tsv", "per_patient.tsv",
    ]  # fmt: skip


def test_a_cohort_of_which_nobody_can_be_scored_writes_nothing(folder, tmp_path):
    cohort = open_cohort(folder)
    bad = replace(cohort, subjects=cohort.subjects[-1:])
    with pytest.raises(ScanError, match="No subject of cohort drawn"):
        score_cohort(session_of(bad, [checkpoint_of("a")]), tmp_path / "out", "")
    assert not (tmp_path / "out").exists()
