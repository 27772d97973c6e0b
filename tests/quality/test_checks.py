"""Facts and lights, on brains painted tissue by tissue so that every ratio is known beforehand."""

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from uad_core.atlas.space import ATLAS_AFFINE, PAPER_SLAB, WHOLE_BRAIN, Slab
from uad_core.atlas.template import TISSUES, template
from uad_core.io.affine import AffineTransform
from uad_core.io.nifti import read_nifti
from uad_core.io.volume import SourceGrid, Volume
from uad_core.models.calibration import Calibration, Reference
from uad_core.models.grey_reference import GreyReference
from uad_core.preprocess import Prepared, PreprocessConfig, crop_levels, prepare
from uad_core.quality import Check, facts, run_checks, warnings
from uad_core.quality.brain import brain_volume, levels, place, skull
from uad_core.quality.header_checks import orientation, thickness
from uad_core.quality.header_facts import tilt_degrees
from uad_core.quality.intensity_distance import distance

FLAIR = {"white matter": 0.5, "cortex": 0.55, "deep grey matter": 0.52, "ventricles": 0.1, "CSF": 0.15}
WAYS = {"R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0), "S": (0, 0, 1), "I": (0, 0, -1)}


def brain_like(greys: dict[str, float], slab: Slab = PAPER_SLAB, noise: float = 0, **config) -> Prepared:
    """A scan that is the template's labels, each in one grey but for the noise."""
    values = np.array([0.0, *(greys.get(name, 0.5) for name in TISSUES.values())], np.float32)
    painted = values[template().tissues]
    painted += noise * np.random.default_rng(0).normal(size=painted.shape).astype(np.float32) * (painted > 0)
    scan = Volume.from_canonical(100 * painted, ATLAS_AFFINE)
    array = np.pad(painted, ((0, 0), (8, 8), (8, 8)))[slab.first : slab.first + slab.count]
    config = PreprocessConfig(strip=False, register=False, slab=slab, **config)
    return Prepared(scan, array, array > 0, AffineTransform.identity(), config)


def scan_of(spacing=(1.0, 1.0, 1.0), codes="RAS", **grid) -> Volume:
    """A small scan whose file axes run to `codes`, with `spacing` in mm along them."""
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack([WAYS[code] for code in codes]) * spacing
    data = np.random.default_rng(0).normal(100, 20, (8, 8, 8)).astype(np.float32)
    return Volume.from_source(data, SourceGrid((8, 8, 8), affine, **grid))


def calibration_of(**references: GreyReference | None) -> Calibration:
    return Calibration(2.0, {name: Reference(False, 5, 1.0, {}, kept) for name, kept in references.items()})


def fact(volume: Volume, name: str) -> str:
    return next(one.value for one in facts(volume) if one.name == name)


@pytest.mark.parametrize(
    ("mm", "severity"), [(1.0, "green"), (1.5, "green"), (3.0, "amber"), (5.0, "amber"), (6.5, "red")]
)
def test_slices_are_judged_by_their_distance(mm, severity):
    volume = scan_of((0.9, 0.9, mm))
    assert thickness(volume).severity == severity
    assert f"{mm:.2f} mm" in thickness(volume).numbers


def test_the_slice_direction_is_the_long_side_of_a_voxel_whatever_axis_of_the_file_it_is():
    assert fact(scan_of((1, 1, 5)), "Slices").startswith("8 axial slices, 5.00 mm")
    assert fact(scan_of((5, 1, 1)), "Slices").startswith("8 sagittal slices, 5.00 mm")
    assert fact(scan_of((1, 5, 1)), "Slices").startswith("8 coronal slices, 5.00 mm")
    assert fact(scan_of((5, 1, 1), "SAR"), "Slices").startswith("8 axial slices, 5.00 mm")
    assert "3-D sequence" in fact(scan_of((1, 1, 1.1)), "Slices")


def test_voxel_sizes_are_said_from_left_to_right_from_front_to_back_and_upwards():
    assert fact(scan_of((5, 1, 2), "SAR"), "Voxel size").startswith("2.00 x 1.00 x 5.00 mm")


def test_a_tilt_is_said_in_degrees():
    angle = np.radians(14)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([1, 1, 4])
    volume = Volume.from_source(np.arange(512.0).reshape(8, 8, 8), SourceGrid((8, 8, 8), affine))
    assert "tilted by 14 degrees" in fact(volume, "Slices")


def test_the_tilt_of_the_real_heads_is_that_of_the_axis_that_each_is_called_after(shared_data):
    """D along z, H along y, W along x: of tilts below 45 degrees that is also the nearest axis."""
    for path in (shared_data / "heads").glob("*_FLAIR.nii.gz"):
        volume = read_nifti(path)
        directions = volume.affine[:3, :3] / volume.spacing_mm
        along = np.abs([directions[2, 0], directions[1, 1], directions[0, 2]])
        assert tilt_degrees(volume) == pytest.approx(np.degrees(np.arccos(along.min())), abs=1e-6)


@pytest.mark.parametrize(("codes", "words"), [("RAS", "first axis runs to the patient's right"), ("PIL", "third axis")])
def test_where_left_is_is_said_with_the_transform_that_says_so(codes, words):
    volume = scan_of(codes=codes, qform_code=1, sform_code=0)
    assert words in fact(volume, "Left and right")
    assert "qform (scanner coordinates)" in fact(volume, "Left and right")
    assert f"({codes})" in fact(volume, "Axes of the file")
    check = orientation(volume)
    assert check.severity == "green"
    assert "Nothing in the image can bear that out" in check.sentence


def test_a_file_that_does_not_state_its_orientation_is_red_and_said_once_only():
    image = nib.Nifti1Image(np.random.default_rng(0).normal(100, 20, (8, 8, 8)).astype(np.float32), None)
    image.header.set_xyzt_units("mm")
    volume = read_nifti(image.to_bytes())
    check = orientation(volume)
    assert check.severity == "red"
    assert check.numbers == "sform code 0, qform code 0"
    assert "Orientation unknown" in fact(volume, "Left and right")
    assert any("Orientation unknown" in note for note in volume.notes)
    assert warnings([check]) == ()  # the note stands in every result already


def test_two_transforms_that_swap_the_sides_are_red():
    first, second = np.diag([1.0, 1, 1, 1]), np.diag([-1.0, 1, 1, 1])
    data = np.random.default_rng(0).normal(100, 20, (8, 8, 8)).astype(np.float32)
    swapped = Volume.from_source(data, SourceGrid((8, 8, 8), first, 1, 1, second))
    assert orientation(swapped).severity == "red"
    alike = Volume.from_source(data, SourceGrid((8, 8, 8), first, 1, 1, np.diag([1.0, 1, 1.2, 1])))
    assert orientation(alike).severity == "green"


def test_grey_values_are_said_with_the_bits_that_hold_them():
    grid = SourceGrid((8, 8, 8), np.eye(4))
    counted = np.arange(512.0).reshape(8, 8, 8)
    assert fact(Volume.from_source(counted, grid), "Grey values") == "0 to 511, whole numbers (9 bits hold them)"
    assert fact(Volume.from_source(counted / 2, grid), "Grey values") == "0 to 255.5, with fractions"


def test_a_stripped_scan_that_was_left_alone_is_green_and_one_stripped_twice_is_amber():
    prepared = brain_like(FLAIR)
    assert skull(prepared).severity == "green"
    assert skull(replace(prepared, config=replace(prepared.config, strip=True))).severity == "amber"


def test_the_volume_of_the_brain_is_the_patients():
    whole = brain_like(FLAIR, WHOLE_BRAIN)
    template_ml = template().brain_mask.sum() / 1000
    assert f"{template_ml:.0f} ml" in brain_volume(whole).numbers
    twice = AffineTransform(np.diag([1.0, 1.0, 2.0, 1.0]))  # an atlas millimetre is two of the patient's
    check = brain_volume(replace(whole, transform=twice))
    assert f"{2 * template_ml:.0f} ml" in check.numbers
    assert check.severity == "amber"


def test_a_brain_beside_the_templates_is_amber():
    prepared = brain_like(FLAIR)
    assert "1.000" in place(prepared).numbers
    moved = np.roll(prepared.brain_mask, 30, axis=2)
    dice = 2 * (moved & prepared.brain_mask).sum() / (2 * moved.sum())
    check = place(replace(prepared, brain_mask=moved))
    assert check.severity == "amber"
    assert f"{dice:.3f}" in check.numbers


def test_levels_beyond_the_scan_are_counted():
    prepared = brain_like(FLAIR)
    assert levels(prepared).severity == "green"
    cut = prepared.brain_mask.copy()
    cut[-3:] = False
    check = levels(replace(prepared, brain_mask=cut))
    assert check.severity == "amber"
    assert check.numbers.startswith("17 of 20 levels, 70 to 89 mm")


def test_distance_is_that_of_the_nearest_cohort_in_terms_of_its_own_spread():
    prepared = brain_like(dict.fromkeys(FLAIR, 0.505))  # all brain in bin 50, or 49 where it was left at 0.5
    mean = np.zeros(100)
    mean[60] = 1  # ten bins away: 0.1
    near = GreyReference(mean, np.array([0.05, 0.08, 0.11, 0.12]), (70, 89))
    far = GreyReference(mean, np.array([0.01, 0.01, 0.02, 0.02]), (70, 89))
    check = distance(prepared, calibration_of(far=far, near=near))
    assert check.severity == "green"
    assert "0.100 from near, farther than 2 of 4 healthy scans (the farthest: 0.120)" in check.numbers
    assert distance(prepared, calibration_of(far=far)).severity == "red"
    edge = GreyReference(mean, np.array([0.05, 0.06, 0.07, 0.08]), (70, 89))
    assert distance(prepared, calibration_of(edge=edge)).severity == "amber"


@pytest.mark.parametrize(
    "kept",
    [
        None,
        GreyReference(np.full(100, 0.01), np.array([0.1, 0.2]), (70, 89)),
        GreyReference(np.full(100, 0.01), np.full(9, 0.1), (20, 30)),
    ],
)
def test_distance_is_not_known_without_enough_healthy_scans_of_the_same_levels(kept):
    assert distance(brain_like(FLAIR), calibration_of(one=kept)).severity == "grey"
    assert distance(brain_like(FLAIR), None).severity == "grey"


def test_only_doubts_that_nothing_else_says_become_warnings():
    found = [Check("a", severity, f"{severity} sentence.", "1 of 2", already_reported) for severity, already_reported in
             (("green", False), ("amber", False), ("red", True), ("red", False), ("grey", False))]  # fmt: skip
    assert warnings(found) == ("amber sentence. (1 of 2)", "red sentence. (1 of 2)")


def test_a_flair_in_the_atlas_has_no_amber_or_red_light():
    found = run_checks(brain_like(FLAIR, noise=0.03), None, brain_like(FLAIR, WHOLE_BRAIN, noise=0.03))
    assert {check.severity for check in found} == {"green", "grey"}
    assert warnings(found) == ()


def test_a_narrowed_scan_is_judged_like_one_prepared_at_these_levels():
    flair = template().flair
    config = PreprocessConfig(strip=False, register=False, slab=Slab(66, 28))
    wide, alone = prepare(flair, config), prepare(flair, replace(config, slab=PAPER_SLAB))
    assert run_checks(crop_levels(wide, PAPER_SLAB)) == run_checks(alone)
