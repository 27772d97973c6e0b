"""NIfTI in and out: values as nibabel reads them, places as nibabel and ITK read them, nothing else."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.bad_nifti import many_members
from tests.support.nifti_files import CANARY, ORIENTATIONS, affine, gz, image, nifti, reorient, rotation
from uad_core.io.nifti import encode_nifti, read_mask, read_nifti, write_nifti
from uad_core.io.paths import ROOT
from uad_core.io.volume import ScanError, Volume

SHARED = ROOT.parent / "shared" / "data"
QFORM_ONLY = {"sform_code": 0, "qform_code": 1, "quatern_b": 0.1, "quatern_c": -0.2, "quatern_d": 0.9}
OFFSETS = {"qoffset_x": -20, "qoffset_y": 30, "qoffset_z": 40}
sitk.ProcessObject.SetGlobalWarningDisplay(False)


def itk_affine(path: Path) -> np.ndarray:
    """(4, 4) voxel -> world in RAS as ITK, whose world is LPS, reads it."""
    scan = sitk.ReadImage(str(path))
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(scan.GetDirection(), (3, 3)) * scan.GetSpacing()
    matrix[:3, 3] = scan.GetOrigin()
    return np.diag([-1, -1, 1, 1]) @ matrix


def saved(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def refused(source: bytes | Path, like: Volume | None = None) -> str:
    with pytest.raises(ScanError) as refusal:
        read_mask(source, like) if like else read_nifti(source)
    return refusal.value.code


# --- reading ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
def test_every_kind_of_number_is_read_as_nibabel_reads_it(tmp_path: Path, dtype: str, order: str, version: int) -> None:
    data = image(dtype=dtype)
    content = gz(nifti(data, order=order, version=version, scl_slope=0.25, scl_inter=-7))
    volume = read_nifti(content)
    expected = nib.as_closest_canonical(nib.load(saved(tmp_path, "scan.nii.gz", content)))
    ras = expected.get_fdata().astype(np.float32)
    np.testing.assert_array_equal(volume.array, ras.transpose(2, 1, 0)[:, ::-1, ::-1])
    np.testing.assert_array_equal(volume.source.affine, expected.affine.astype(np.float32))
    assert volume.notes == ()


def test_a_path_and_its_bytes_give_the_same_volume(tmp_path: Path) -> None:
    content = gz(nifti())
    first, second = read_nifti(saved(tmp_path, "scan.nii.gz", content)), read_nifti(content)
    np.testing.assert_array_equal(first.array, second.array)
    assert first.notes == second.notes == ()


@pytest.mark.parametrize(
    "content",
    [many_members(nifti(), 500), many_members(nifti(), 1), gz(nifti()) + bytes(512), gz(nifti()) + gz(b"")],
    ids=["members of 500 bytes", "members of 1 byte", "padded with zeros", "an empty member at the end"],
)
def test_unusual_but_sound_gzip_streams_are_read(content: bytes) -> None:
    np.testing.assert_array_equal(read_nifti(content).array, read_nifti(nifti()).array)


TOLERATED: dict[str, tuple[bytes, str]] = {
    "4-D of one volume": (nifti(image((9, 10, 11, 1))), "more than three axes"),
    "one NaN": (nifti(np.where(np.arange(990).reshape(9, 10, 11) == 5, np.nan, image(dtype="f4"))), "1 voxel was"),
    "a scale of NaN": (nifti(scl_slope=np.nan), "intensity scale"),
    "wrong bits per voxel": (nifti(bitpix=8), "bits per voxel"),
    "bytes behind the image": (nifti() + b"tail", "Bytes that follow"),
    "no codes": (nifti(sform_code=0), "left and right may be swapped"),
    "unknown codes": (nifti(sform_code=77, qform_code=-3), "left and right may be swapped"),
    "another voxel size beside the transform": (nifti(pixdim=[1, 1.03, 1.2, 3, 1, 1, 1, 1]), "two voxel sizes"),
    "no voxel size beside the transform": (nifti(pixdim=[0] * 8), "two voxel sizes"),
    "two positions": (nifti(qform_code=1, **OFFSETS), "two positions"),
    "shear": (nifti(sform=affine() + 0.1 * np.eye(4, k=1)), "not at right angles"),
    "metres": (nifti(sform=np.diag([1e-3, 1e-3, 1e-3, 1]) @ affine(), xyzt_units=1), "unit is metres; it was"),
    "micrometres": (nifti(sform=np.diag([1e3, 1e3, 1e3, 1]) @ affine(), xyzt_units=3), "micrometres; it was"),
    "metres that cannot be": (nifti(xyzt_units=1), "metres, which cannot be"),
    "no unit": (nifti(xyzt_units=0), "no unit of length"),
    "thick slices": (nifti(sform=affine((0.9, 0.9, 6.8))), "Thick slices: voxels measure 6.8 mm one way and 0.9"),
    "CT": (nifti(np.where(image() > 450, 0, -1000).astype(np.int16) + image(seed=1) // 9), "looks like CT"),
}


@pytest.mark.parametrize("name", TOLERATED)
def test_what_is_doubtful_is_read_and_noted_in_one_sentence(name: str) -> None:
    content, words = TOLERATED[name]
    volume = read_nifti(content)
    assert [words in note for note in volume.notes].count(True) == 1, volume.notes
    assert np.isfinite(volume.array).all()
    if name in {"metres", "micrometres", "metres that cannot be", "no unit"}:
        assert volume.spacing_mm == pytest.approx((3.0, 1.2, 1.0))


def test_a_sound_scan_has_no_notes() -> None:
    assert read_nifti(gz(nifti())).notes == ()


@pytest.mark.parametrize(("name", "content"), [("scan.nii.gz", nifti()), ("scan.nii", gz(nifti()))])
def test_the_content_and_not_the_name_decides_what_is_gzip(tmp_path: Path, name: str, content: bytes) -> None:
    volume = read_nifti(saved(tmp_path, name, content))
    np.testing.assert_array_equal(volume.array, read_nifti(nifti()).array)
    assert "The name does not tell whether the file is compressed; its content does." in volume.notes


def test_a_few_values_that_are_not_numbers_become_zero() -> None:
    data = image((10, 10, 10), "f4")
    data[0, 0, :5], data[0, 0, 5:] = np.nan, np.inf
    volume = read_nifti(nifti(data, scl_slope=1, scl_inter=100))
    assert volume.array[:, 9, 9].tolist() == [0] * 10  # zero, and not the intercept
    assert volume.array.min() == 0


def test_an_mr_scan_that_rings_below_zero_is_not_called_ct() -> None:
    data = image((20, 20, 20), "f4")
    data.reshape(-1)[:60] = -1377
    assert read_nifti(gz(nifti(data))).notes == ()


def test_a_file_that_announces_much_costs_little() -> None:
    bomb = gz(nifti()) + gz(bytes(64 * 1024**2))
    tracemalloc.start()
    assert refused(bomb) == "too_big"
    assert refused(nifti(dim=[3, 512, 512, 511, 1, 1, 1, 1])[:500]) == "truncated"
    assert tracemalloc.get_traced_memory()[1] < 8 * 1024**2
    tracemalloc.stop()


# --- writing ------------------------------------------------------------------------------------------------

SOURCES: dict[str, bytes] = {
    "sform": nifti(sform=rotation((10, -20, 5)) @ affine()),
    "qform": nifti(**QFORM_ONLY, **OFFSETS),
    "qform of a mirrored grid": nifti(**QFORM_ONLY, **OFFSETS, pixdim=[-1, 1, 1.2, 3, 1, 1, 1, 1]),
    "both, the same": nifti(sform=affine(), qform_code=2, qoffset_x=-5, qoffset_y=6, qoffset_z=7),
    "both, different, MNI and scanner": nifti(sform_code=4, qform_code=1, **OFFSETS),
    "both, different, scanner and aligned": nifti(sform_code=1, qform_code=2, **OFFSETS),
    "neither": nifti(sform_code=0),
    "micrometres": nifti(sform=np.diag([1e3, 1e3, 1e3, 1]) @ affine(), xyzt_units=3),
    "thick slices": nifti(sform=rotation((3, 0, 90)) @ affine((0.9, 0.9, 8.1))),
    "big-endian": nifti(order=">"),
}
AGREED = [name for name in SOURCES if "different" not in name and name != "neither"]  # by nibabel and ITK


@pytest.mark.parametrize("name", SOURCES)
def test_a_result_lies_on_its_scan_in_nibabel_and_in_itk(tmp_path: Path, name: str) -> None:
    scan = saved(tmp_path, "scan.nii", SOURCES[name])
    volume = read_nifti(scan)
    result = tmp_path / "result.nii.gz"
    write_nifti(result, volume.array, volume)
    scale = 1e-3 if name == "micrometres" else 1  # nibabel ignores units
    of_scan = np.diag([scale, scale, scale, 1]) @ nib.load(scan).affine
    np.testing.assert_allclose(nib.load(result).affine, of_scan, atol=2e-5)
    np.testing.assert_allclose(itk_affine(result), itk_affine(scan), atol=2e-5)
    if name in AGREED:
        np.testing.assert_allclose(itk_affine(result), nib.load(result).affine, atol=2e-5)
    stored = np.asanyarray(nib.load(scan).dataobj)
    np.testing.assert_array_equal(np.asanyarray(nib.load(result).dataobj), stored)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(result))), stored.transpose(2, 1, 0))


@pytest.mark.parametrize(("order", "flips"), ORIENTATIONS)
def test_in_all_48_orientations_a_map_and_a_mask_come_back_exactly(
    order: tuple[int, ...], flips: tuple[bool, ...]
) -> None:
    volume = read_nifti(nifti(*reorient(image(), rotation((9, 5, -12)) @ affine(), order, flips)))
    again = read_nifti(encode_nifti(volume.array, volume))
    np.testing.assert_array_equal(again.array, volume.array)
    np.testing.assert_array_equal(again.source.affine, volume.source.affine)
    assert again.source.shape == volume.source.shape
    mask = volume.array > 700
    np.testing.assert_array_equal(read_mask(encode_nifti(mask, volume), volume), mask)


@settings(max_examples=40, deadline=None)
@given(
    orientation=st.sampled_from(ORIENTATIONS),
    shape=st.tuples(*[st.integers(3, 7)] * 3),
    spacing_mm=st.tuples(*[st.floats(0.3, 10)] * 3),
    degrees=st.tuples(*[st.floats(-180, 180)] * 3),
    signed=st.booleans(),
)
def test_any_oblique_grid_survives_writing_and_reading(
    orientation: tuple[tuple[int, ...], tuple[bool, ...]],
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
    degrees: tuple[float, float, float],
    signed: bool,
) -> None:
    matrix = rotation(degrees) @ affine(spacing_mm)
    volume = read_nifti(nifti(*reorient(image(shape), matrix, *orientation)))
    values = volume.array / 7 - (50 if signed else 0)
    again = read_nifti(encode_nifti(values, volume))
    np.testing.assert_array_equal(again.array, values)
    np.testing.assert_array_equal(again.affine, volume.affine)


@pytest.mark.parametrize("broken", [{"quatern_b": 2}, {"pixdim": [0] * 8}, {"qoffset_x": np.nan}])
def test_an_unusable_qform_beside_an_sform_is_not_passed_on(tmp_path: Path, broken: dict[str, Any]) -> None:
    volume = read_nifti(nifti(qform_code=1, **broken))
    result = saved(tmp_path, "map.nii.gz", encode_nifti(volume.array, volume))
    np.testing.assert_allclose(nib.load(result).header.get_qform(), affine(), atol=1e-6)
    np.testing.assert_allclose(itk_affine(result), affine(), atol=1e-6)


def test_a_sheared_grid_keeps_its_exact_sform_and_gets_no_qform(tmp_path: Path) -> None:
    sheared = affine() + 0.1 * np.eye(4, k=1)
    volume = read_nifti(nifti(sform=sheared))
    header = nib.load(saved(tmp_path, "map.nii.gz", encode_nifti(volume.array, volume))).header
    np.testing.assert_allclose(header.get_best_affine(), sheared, atol=1e-6)
    assert int(header["qform_code"]) == 0


def test_the_header_of_a_result_is_fresh() -> None:
    scan = nifti(order=">", extension=(32).to_bytes(4, "big") + bytes(4) + CANARY.ljust(24), cal_max=7, slice_code=3)
    volume = read_nifti(scan)
    result = gzip.decompress(encode_nifti(volume.array > 400, volume))
    assert CANARY not in result
    header = nib.Nifti1Header(result[:348])
    assert (header["cal_max"], header["slice_code"], header["scl_slope"], header["scl_inter"]) == (0, 0, 1, 0)
    assert header.get_data_dtype() == np.uint8
    assert header.get_xyzt_units() == ("mm", "unknown")
    assert result[348:352] == bytes(4)
    assert len(result) == 352 + 990


def test_the_same_result_is_always_the_same_bytes() -> None:
    volume = read_nifti(nifti())
    assert encode_nifti(volume.array, volume) == encode_nifti(volume.array, volume)


def test_a_map_keeps_the_fractions_and_signs_that_the_scan_s_own_type_would_lose() -> None:
    volume = read_nifti(nifti(image(dtype="u1"), scl_slope=3))
    values = np.linspace(-1, 1, 990).reshape(volume.shape)  # float64
    np.testing.assert_array_equal(read_nifti(encode_nifti(values, volume)).array, values.astype(np.float32))


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((11, 10, 9), np.int64),
        np.zeros((11, 10, 8), np.uint8),
        np.full((11, 10, 9), np.nan),
        np.full((11, 10, 9), 1e300),
    ],
    ids=["int64", "another shape", "NaN", "beyond float32"],
)
def test_what_a_file_could_not_hold_faithfully_is_not_written(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="must be"):
        write_nifti(tmp_path / "result.nii.gz", array, read_nifti(nifti()))
    assert list(tmp_path.iterdir()) == []


def test_gzip_is_not_written_under_a_name_that_denies_it(tmp_path: Path) -> None:
    volume = read_nifti(nifti())
    with pytest.raises(ValueError, match=r"\.nii\.gz"):
        write_nifti(tmp_path / "result.nii", volume.array, volume)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    volume, path = read_nifti(nifti()), tmp_path / "map.nii.gz"
    write_nifti(path, volume.array, volume)
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="disk full"):
        write_nifti(path, volume.array + 1, volume)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


# --- masks --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scan() -> Volume:
    return read_nifti(nifti(sform=rotation((9, 5, -12)) @ affine()))


@pytest.mark.parametrize(
    "stored",
    [
        lambda inside: inside.astype(np.uint8),
        lambda inside: inside.astype(np.uint8) * np.uint8(255),
        lambda inside: inside.astype(np.int16) * 4,
        lambda inside: inside * np.float32(0.9999),
        lambda inside: np.where(inside, 1.0, np.where(np.arange(990).reshape(9, 10, 11) % 200 == 0, 0.4, 0)),
    ],
    ids=["0 and 1", "0 and 255", "a label", "rounded", "interpolated"],
)
def test_a_mask_is_what_lies_above_one_half(scan: Volume, stored: Any) -> None:
    inside = image() > 700
    mask = read_mask(nifti(stored(inside), scan.source.affine), scan)
    assert mask.dtype == np.bool_
    np.testing.assert_array_equal(scan.to_source(mask), inside)


@pytest.mark.parametrize("value", [0, 1])
def test_a_mask_may_be_empty_or_full(scan: Volume, value: int) -> None:
    mask = read_mask(nifti(np.full((9, 10, 11), value, np.uint8), scan.source.affine), scan)
    assert mask.mean() == value


@pytest.mark.parametrize(("order", "flips"), ORIENTATIONS)
def test_a_mask_in_another_orientation_is_turned_to_its_scan(
    scan: Volume, order: tuple[int, ...], flips: tuple[bool, ...]
) -> None:
    inside = image() > 700
    turned = read_mask(nifti(*reorient(inside.astype(np.uint8), scan.source.affine, order, flips)), scan)
    np.testing.assert_array_equal(scan.to_source(turned), inside)


def test_a_mask_of_a_scan_tilted_by_45_degrees_is_turned_by_voxels_and_not_by_names() -> None:
    """At 45 degrees rounding decides which axis is called anterior: it may differ between scan and mask."""
    inside = image() > 700
    for tilt in (44.99999, 45, 45.00001):
        tilted = read_nifti(nifti(sform=rotation((tilt, 0, 0)) @ affine()))
        for other in (44.99999, 45, 45.00001):
            mask = read_mask(nifti(inside.astype(np.uint8), rotation((other, 0, 0)) @ affine()), tilted)
            np.testing.assert_array_equal(tilted.to_source(mask), inside)


@pytest.mark.parametrize(
    ("values", "move"),
    [
        (image((9, 10, 12)) > 700, np.eye(4)),
        (image() > 700, rotation((0, 0, 2))),
        (image() > 700, np.eye(4) + 0.5 * np.eye(4, k=3)),
        (image() > 700, np.diag([1.05, 1, 1, 1])),
        (image() > 700, np.diag([-1.0, 1, 1, 1])),
    ],
    ids=["another shape", "turned by 2 degrees", "half a voxel to the right", "5 % wider", "mirrored"],
)
def test_a_mask_on_another_grid_is_refused(scan: Volume, values: np.ndarray, move: np.ndarray) -> None:
    content = nifti(values.astype(np.uint8), move @ scan.source.affine)
    assert refused(content, scan) == "grid_mismatch"


@pytest.mark.parametrize(
    "values",
    [
        image(),
        image(dtype="f8") / 900,
        -(image() > 700).astype(np.int16),
        0.4 * (image() > 700),
        1.5 * (image() > 700),
    ],
    ids=["a scan", "a scan from 0 to 1", "negative", "never above one half", "neither labels nor shares"],
)
def test_what_is_no_mask_is_refused(scan: Volume, values: np.ndarray) -> None:
    assert refused(nifti(values, scan.source.affine), scan) == "not_a_mask"


# --- real scans ---------------------------------------------------------------------------------------------

REAL = sorted(SHARED.glob("heads/*_FLAIR.nii.gz")) + sorted(SHARED.glob("mslub/*_FLAIR.nii.gz"))


@pytest.mark.skipif(not REAL, reason="the real scans of ../shared/data are not here")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_scans_and_their_masks_are_read_and_lie_on_each_other(path: Path, tmp_path: Path) -> None:
    volume = read_nifti(path)
    assert not any("CT" in note or "unknown" in note for note in volume.notes)
    thick = max(volume.spacing_mm) > 3 * min(volume.spacing_mm)
    assert any("Thick slices" in note for note in volume.notes) == thick
    expected = nib.load(path)
    np.testing.assert_array_equal(volume.to_source(volume.array), expected.get_fdata(dtype=np.float32))
    for kind in ("brainmask", "lesion"):
        other = path.with_name(path.name.replace("FLAIR", kind))
        if other.exists():
            mask = volume.to_source(read_mask(other, volume))
            np.testing.assert_array_equal(mask, nib.load(other).get_fdata() > 0)
    result = tmp_path / "mask.nii.gz"
    write_nifti(result, volume.array > np.percentile(volume.array, 98), volume)
    np.testing.assert_allclose(nib.load(result).affine, expected.affine, atol=1e-4)
    np.testing.assert_allclose(itk_affine(result), itk_affine(path), atol=1e-4)


@pytest.mark.skipif(not REAL, reason="the real scans of ../shared/data are not here")
def test_real_label_maps_and_masks_are_not_taken_for_scans() -> None:
    maps = [*sorted(SHARED.glob("anatomies/*.nii.gz"))[:2], *SHARED.glob("heads/*_lesion.nii.gz")]
    assert {refused(path) for path in maps} == {"looks_like_mask"}
