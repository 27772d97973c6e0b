"""A few scans with reference masks: the setting that is best, and what it is worth on a scan that did not pick it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.small_scans import Flat, checkpoint_of, prepared_of
from uad_core.cohorts.cohort import Cohort, Subject
from uad_core.evaluate import setting_study
from uad_core.evaluate.score_case import Case
from uad_core.evaluate.setting_study import (
    PERCENTILES,
    SettingFigures,
    SettingStudy,
    config_of,
    study_means,
    study_settings,
    study_table,
)
from uad_core.io.volume import ScanError
from uad_core.pipeline.postprocess import MEDIAN_SIZES
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import segment

ONE_SLICE = slice(10, 30)
MODEL = replace(checkpoint_of(Flat()), name="flat")


def case(name: str, excess: float) -> Case:
    """An even scan with a bright square; the model draws 0.5, healthy residuals are spread evenly over [0, 1]."""
    array = np.full((3, 40, 40), 0.5)
    truth = np.zeros(array.shape, bool)
    truth[:, ONE_SLICE, ONE_SLICE] = True
    array[truth] += excess
    prepared = prepared_of(array)
    subject = Subject(name, Path(f"{name}_FLAIR.nii.gz"), Path(f"{name}_lesion.nii.gz"), None, name)
    return Case(subject, prepared, prepared.brain_mask, truth, 1.0)


@pytest.fixture
def cases(monkeypatch):
    there = {name: case(name, excess) for name, excess in (("a", 0.49), ("b", 0.48), ("c", 0.47), ("d", 0.2))}

    def load(subject, slab, known, erosion_mm):
        if subject.name == "d":
            raise ScanError("file", "The file is damaged.")
        return there[subject.name]

    monkeypatch.setattr(setting_study, "load_case", load)
    return there


def cohort(*names, simulated=False):
    return Cohort("own", simulated, tuple(Subject(name, Path(name), Path(name), None, name) for name in names))


def test_every_setting_is_what_a_detection_gives(cases):
    study = study_settings(cohort("a", "b", "c", "d"), [MODEL])
    assert study.scans == 3
    assert study.refused == ("Scan 4 was left out: The file is damaged.",)
    assert [one.setting[1:] for one in study.figures] == [(p, m) for m in MEDIAN_SIZES for p in PERCENTILES]
    made = reconstruct(cases["b"].prepared, MODEL)
    for figures in study.figures[::7]:
        mask = segment(made, config_of(figures, MODEL)).mask
        overlap = 2 * (mask & cases["b"].truth).sum() / (mask.sum() + cases["b"].truth.sum())
        assert figures.dice[1] == pytest.approx(overlap)


def test_a_scan_without_a_lesion_at_these_levels_has_no_say(cases):
    """It would have Dice 0 at every setting that flags anything, and so speak for those that flag nothing."""
    cases["b"] = replace(cases["b"], truth=np.zeros_like(cases["b"].truth))
    with pytest.raises(ScanError, match=r"3 are needed at least\. Scan 2 was left out: Its mask marks no lesion"):
        study_settings(cohort("a", "b", "c"), [MODEL])


def test_what_is_neither_lesion_nor_healthy_is_not_scored(cases):
    plain = study_settings(cohort("a", "b", "c"), [MODEL])
    ignored = np.zeros(cases["b"].truth.shape, bool)
    ignored[:, 32:38, 5:35] = True  # beside the lesion, as bright
    bright = cases["b"].prepared.array.copy()
    bright[ignored] = bright.max()
    prepared = replace(cases["b"].prepared, array=bright)
    cases["b"] = replace(cases["b"], prepared=prepared, inside=cases["b"].inside & ~ignored)
    for one, other in zip(plain.figures, study_settings(cohort("a", "b", "c"), [MODEL]).figures, strict=True):
        if one.setting[2] == 1:  # a wider median sees what lies beside
            assert other.dice == one.dice
            assert other.false_ml == one.false_ml


def test_the_study_says_whether_its_scans_are_simulated(cases):
    for simulated in (False, True):
        assert study_settings(cohort("a", "b", "c", simulated=simulated), [MODEL]).simulated is simulated


def test_too_few_scans_are_refused_with_their_number(cases):
    with pytest.raises(ScanError, match=r"2 scans .* 3 are needed.*Scan 3 was left out"):
        study_settings(cohort("a", "b", "d"), [MODEL])


def test_models_without_a_common_level_are_refused(cases):
    with pytest.raises(ScanError, match="no axial level in common"):
        study_settings(cohort("a", "b", "c"), [MODEL, replace(MODEL, slab=type(MODEL.slab)(0, 5))])


def test_the_scan_left_out_does_not_pick_its_own_setting():
    """Three settings, three scans; each column's best is bad elsewhere. By hand: left out 1 -> picks 3, and so on."""
    table = {("m", 90.0, 1): (0.9, 0.1, 0.3), ("m", 95.0, 1): (0.1, 0.8, 0.3), ("m", 98.0, 1): (0.5, 0.5, 0.4)}
    study = SettingStudy(tuple(SettingFigures(key, dice, (1.0,) * 3, (0.5,) * 3) for key, dice in table.items()), 3, ())
    assert study.best.setting == ("m", 98.0, 1)  # 1.4 of three against 1.3 and 1.2
    # without scan 1: .4, 1.1, .9 -> 95, which gives .1; without 2: 1.2, .4, .9 -> 90: .1; without 3: 1, .9, 1 -> 90: .3
    assert study.left_out_dice == pytest.approx((0.1 + 0.1 + 0.3) / 3)
    assert "rests on 3 scans" in study.sentence
    assert "the mean Dice is 0.17: expect that" in study.sentence
    assert study_means(study)["dice"]["m", 98.0, 1] == pytest.approx(1.4 / 3)
    assert study_table(study).splitlines()[1] == "m\t98\t1\t0.4667\t1.0000\t0.5000\t3"
