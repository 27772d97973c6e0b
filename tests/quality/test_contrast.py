"""The light on the contrast, on brains painted tissue by tissue and on simulated ones: what the scan shows decides."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from tests.quality.test_checks import FLAIR, brain_like
from uad_core.atlas.space import PAPER_SLAB, WHOLE_BRAIN, Slab
from uad_core.atlas.template import TISSUE_CODES, template
from uad_core.preprocess import Prepared
from uad_core.quality.contrast import contrast
from uad_core.quality.tissue_levels import tissue_levels

T1 = {"white matter": 0.6, "cortex": 0.42, "deep grey matter": 0.5, "ventricles": 0.15, "CSF": 0.2}
T2 = {"white matter": 0.4, "cortex": 0.55, "deep grey matter": 0.5, "ventricles": 0.9, "CSF": 0.9}
PD = {"white matter": 0.5, "cortex": 0.58, "deep grey matter": 0.55, "ventricles": 0.62, "CSF": 0.64}
DIR = {"white matter": 0.1, "cortex": 0.6, "deep grey matter": 0.5, "ventricles": 0.08, "CSF": 0.08}


def scanned(greys: dict[str, float], slab: Slab = PAPER_SLAB, seed: int = 0) -> Prepared:
    """Painted, blurred by a point spread, and noisy."""
    prepared = brain_like(greys, slab)
    rng, inside = np.random.default_rng(seed), prepared.brain_mask
    soft = ndimage.gaussian_filter(prepared.array, 0.7) + 0.03 * rng.standard_normal(inside.shape)
    return replace(prepared, array=np.where(inside, soft, 0).clip(0, 1).astype(np.float32))


@pytest.mark.parametrize("slab", [PAPER_SLAB, WHOLE_BRAIN], ids=["paper", "whole"])
@pytest.mark.parametrize(
    ("greys", "severity"), [(FLAIR, "green"), (T1, "red"), (T2, "red"), (PD, "red"), (DIR, "amber")]
)
def test_contrast_is_known_by_which_tissue_is_brighter_than_which(greys, severity, slab):
    assert contrast(scanned(greys, slab)).severity == severity


def test_the_levels_are_those_that_were_painted():
    levels = tissue_levels(scanned(FLAIR))
    assert levels.white == pytest.approx(0.5, abs=0.01)
    assert levels.grey == pytest.approx(0.55, abs=0.02)
    assert levels.fluid == pytest.approx(0.12, abs=0.04)


@pytest.mark.parametrize(("slope", "offset"), [(0.5, 0.3), (0.9, 0.05), (0.3, 0.6)])
def test_a_change_of_scale_and_offset_moves_neither_figure(slope, offset):
    prepared = scanned(FLAIR)
    array = np.where(prepared.brain_mask, slope * prepared.array + offset, 0).astype(np.float32)
    before, after = tissue_levels(prepared), tissue_levels(replace(prepared, array=array))
    assert after.grey_place == pytest.approx(before.grey_place, abs=0.03)
    assert after.depth == pytest.approx(before.depth, rel=0.05)


@pytest.mark.parametrize(("added", "severity"), [(0.0, "green"), (0.25, "amber"), (0.5, "red")])
def test_a_constant_that_was_added_to_the_head_is_noticed(added, severity):
    """Scaled again so that tissue lies at 0.5, as every prepared scan is."""
    prepared = scanned(FLAIR)
    array = np.where(prepared.brain_mask, (prepared.array + added) / (1 + 2 * added), 0).astype(np.float32)
    found = contrast(replace(prepared, array=array))
    assert found.severity == severity
    assert ("a constant was added" in found.sentence) == bool(added)


@pytest.mark.parametrize("slab", [PAPER_SLAB, WHOLE_BRAIN, Slab(87, 1)], ids=["paper", "whole", "one"])
def test_an_inverted_flair_is_red(slab):
    prepared = scanned(FLAIR, slab)
    inverted = np.where(prepared.brain_mask, 0.7 - prepared.array, 0).clip(0, 1).astype(np.float32)
    assert contrast(replace(prepared, array=inverted)).severity == "red"


@pytest.mark.parametrize("steps", [-4, 5])
def test_slit_and_wide_ventricles_do_not_change_the_light(steps):
    """What lies where the template's ventricles do is then white matter, or fluid where the template has none."""
    tissues = template().tissues_in(PAPER_SLAB)
    ventricles = tissues == TISSUE_CODES["ventricles"]
    move = ndimage.binary_dilation if steps > 0 else ndimage.binary_erosion
    moved = move(ventricles, iterations=abs(steps))
    for greys, severity in ((FLAIR, "green"), (T1, "red"), (T2, "red")):
        painted = brain_like(greys)
        array = np.where(ventricles & ~moved, greys["white matter"], painted.array)
        array = np.where(moved & painted.brain_mask, greys["ventricles"], array)
        noisy = ndimage.gaussian_filter(array, 0.7) + 0.03 * np.random.default_rng(1).standard_normal(array.shape)
        seen = np.where(painted.brain_mask, noisy, 0).clip(0, 1).astype(np.float32)
        assert contrast(replace(painted, array=seen)).severity == severity


def test_lesions_in_a_third_of_the_white_matter_do_not_make_a_flair_look_like_t1():
    painted = brain_like(FLAIR)
    noise = np.random.default_rng(1).normal(0, 0.03, painted.array.shape).astype(np.float32)
    bright = np.flatnonzero(painted.array == np.float32(0.5))
    array = painted.array.copy()
    array.flat[np.random.default_rng(0).permutation(bright)[: len(bright) // 3]] = 0.9
    array += noise * painted.brain_mask
    assert contrast(replace(painted, array=array)).severity == "green"


def test_levels_without_fluid_or_with_little_brain_say_that_the_contrast_cannot_be_known():
    assert contrast(brain_like(dict.fromkeys(FLAIR, 0.5))).severity == "grey"
    prepared = scanned(FLAIR)
    assert contrast(replace(prepared, brain_mask=np.zeros_like(prepared.brain_mask))).severity == "grey"


def test_real_scans_are_green_and_real_other_contrasts_are_red(shared_data):
    """Single FLAIR slices of SOOP and a patient of MSLUB; SRI24's T1, PD and T2 as they lie in the atlas."""
    from uad_core.cohorts.load import read_grey
    from uad_core.io.nifti import read_nifti
    from uad_core.preprocess import infer_config, prepare, prepare_slice

    slices = sorted((shared_data / "soop" / "near_normal").glob("*_FLAIR.png"))[:20]
    lights = [contrast(prepare_slice(read_grey(path), 87)).severity for path in slices]
    assert lights.count("green") >= 19
    assert "red" not in lights
    whole = ["mslub/patient26_FLAIR", "sri24/spgr", "sri24/erly", "sri24/late"]
    for name, severity in zip(whole, ["green", "red", "red", "red"], strict=True):
        scan = read_nifti(shared_data / f"{name}.nii.gz")
        assert contrast(prepare(scan, infer_config(scan))).severity == severity


@pytest.mark.parametrize("seed", range(20))
def test_the_benchmarks_sequences_have_the_contrast_that_they_are_known_for(seed):
    """Orders of fluid, grey and white matter as in any textbook, for random protocols at 1.5 and 3 T."""
    from benchmarks.contrasts import SEQUENCES, SequenceContrast
    from uad_core.cohorts.simulate.tissues import Tissue

    def drawn(name):
        values = SequenceContrast(name=name).draw(np.random.default_rng(seed))
        return values[Tissue.VENTRICLE], values[Tissue.CORTEX], values[Tissue.WHITE]

    seen = {name: drawn(name) for name in SEQUENCES}
    assert max(seen["T1 FLAIR"][:2]) < seen["T1 FLAIR"][2]  # near the null of fluid and of grey matter
    for name in ("T1", "T1 with contrast agent", "MP2RAGE UNI"):
        fluid, grey, white = seen[name]
        assert fluid < grey < white, name
    for name in ("T2", "STIR", "ADC map"):
        fluid, grey, white = seen[name]
        assert fluid > grey > white, name
    for name in ("FLAIR, by its equation", "DWI, b 1000"):
        fluid, grey, white = seen[name]
        assert fluid < white < grey, name
    fluid, grey, white = seen["double inversion"]
    assert grey > 2 * max(fluid, white)


@pytest.mark.parametrize(("steps", "grows"), [(-2, False), (3, True)])
def test_the_benchmarks_ventricles_shrink_and_grow_without_new_labels(steps, grows):
    from benchmarks.contrast_lights import resize_ventricles
    from tests.support.phantoms import SMALL
    from uad_core.cohorts.simulate.phantom import phantom

    labels = phantom(3, SMALL).labels
    changed = resize_ventricles(labels, steps)
    before, after = (np.isin(one, (4, 43)).sum() for one in (labels, changed))
    assert (after > before) == grows
    assert set(np.unique(changed)) <= set(np.unique(labels))
