"""Whatever the bytes are: a finite volume or a `ScanError` that names nobody, and never wrong voxels."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.inputs.kind_formats import nrrd
from tests.support.bad_nifti import BAD
from tests.support.dicom_files import series, zipped
from tests.support.nifti_files import CANARY, affine, gz, image, nifti, rotation
from tests.support.odd_images import file, mgh, tarred
from uad_core.io.nifti import encode_nifti, read_mask, read_nifti
from uad_core.io.read_scan import read_scan
from uad_core.io.volume import ScanError, Volume

SOUND = nifti(sform=rotation((9, 5, -12)) @ affine())
OTHERS = {
    "mgh": mgh(), "nrrd": nrrd(), "tar": tarred({"a.nii.gz": file()}, gzipped=False),
    "zip": zipped({"a.nii.gz": file()}), "zip of DICOM": zipped(series()),
}  # fmt: skip
LIKE = read_nifti(SOUND)
pytestmark = pytest.mark.filterwarnings("error")  # a warning of numpy or nibabel may carry a header's values


def survives(content: bytes) -> Volume | None:
    """The volume of `content`, if it is one; any exception but `ScanError` fails the test."""
    try:
        read_mask(content, LIKE)
    except ScanError as error:
        check_sentence(error)
    try:
        volume = read_nifti(content)
    except ScanError as error:
        check_sentence(error)
        return None
    assert np.isfinite(volume.array).all()
    assert np.isfinite(volume.affine).all()
    assert all(CANARY.decode() not in note for note in volume.notes)
    return volume


def check_sentence(error: ScanError) -> None:
    """One or two sentences for a user, with no header text, path or trace of another exception in them."""
    text = str(error)
    assert text.endswith(".")
    assert 20 < len(text) < 200
    assert "CANARY" not in text
    assert "/" not in text
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_code(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    code, make = BAD[name]
    path = tmp_path / "CANARY^PATIENT.nii.gz"
    path.write_bytes(make())
    for source in (path, path.read_bytes()):
        with pytest.raises(ScanError) as refusal:
            read_nifti(source)
        assert refusal.value.code == code
        check_sentence(refusal.value)
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


@pytest.mark.parametrize("place", ["missing.nii", ".", "no\0name", "x" * 5000, "a/b/c.nii"])
def test_a_place_without_a_file_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(ScanError) as refusal:
        read_nifti(tmp_path / place)
    assert refusal.value.code == "unreadable"
    check_sentence(refusal.value)


def test_too_little_memory_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("uad_core.io.nifti.reading.read_values", exhausted)
    with pytest.raises(ScanError) as refusal:
        read_nifti(SOUND)
    assert refusal.value.code == "too_big"


def test_of_400_flipped_bits_in_a_gzip_file_none_changes_a_voxel_silently() -> None:
    content = gz(nifti(image((20, 22, 24)), LIKE.source.affine))
    expected = read_nifti(content)
    bits = np.random.default_rng(0).choice(8 * len(content), 320, replace=False).tolist()
    head = list(range(80))  # the gzip header, where a flip may change what follows into a name or a comment
    refusals = 0
    for bit in head + bits:
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        volume = survives(bytes(changed))
        if volume is None:
            refusals += 1
        else:
            np.testing.assert_array_equal(volume.array, expected.array)
            np.testing.assert_array_equal(volume.affine, expected.affine)
    assert refusals > 320


@pytest.mark.parametrize("pack", [bytes, gz], ids=["plain", "gzipped"])
def test_a_file_cut_anywhere_is_refused(pack: Any) -> None:
    content = pack(SOUND)
    cuts = {*range(20), *range(20, len(content), 17), *range(len(content) - 20, len(content))}
    codes = set()
    for cut in cuts:
        with pytest.raises(ScanError) as refusal:
            read_nifti(content[:cut])
        codes.add(refusal.value.code)
    assert codes == ({"empty", "truncated", "not_nifti"})


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 351), st.integers(0, 255)), min_size=1, max_size=6),
    st.sampled_from([bytes, gz]),
)
def test_any_bytes_in_the_header_give_a_finite_volume_or_a_refusal(edits: list[tuple[int, int]], pack: Any) -> None:
    changed = bytearray(SOUND)
    for position, value in edits:
        changed[position] = value
    volume = survives(pack(bytes(changed)))
    if volume is not None:
        check_writable(volume)


NUMBERS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e-45, 1e-38, 3.4e38, float("nan"), float("inf"), -float("inf")]),
    st.floats(width=32),
    st.floats(-30, 30, width=32),
)
FLOAT_FIELDS = [*range(76, 108, 4), 108, 112, 116, *range(256, 328, 4)]  # pixdim, offset, scale, qform, sform
SHORT_FIELDS = [*range(40, 56, 2), 70, 72, 252, 254]  # dim, datatype, bitpix, qform_code, sform_code


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(FLOAT_FIELDS), NUMBERS), max_size=5),
    st.lists(st.tuples(st.sampled_from(SHORT_FIELDS), st.integers(-2, 20)), max_size=3),
    st.integers(0, 255),
)
def test_any_numbers_in_the_header_give_a_finite_volume_or_a_refusal(
    floats: list[tuple[int, float]], shorts: list[tuple[int, int]], units: int
) -> None:
    changed = bytearray(SOUND)
    changed[123] = units
    for position, number in floats:
        struct.pack_into("<f", changed, position, number)
    for position, number in shorts:
        struct.pack_into("<h", changed, position, number)
    volume = survives(bytes(changed))
    if volume is not None:
        check_writable(volume)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=600), st.sampled_from([b"", SOUND[:348], b"\x1f\x8b\x08\0\0\0\0\0\0\x03", gz(SOUND)[:300]]))
def test_any_bytes_at_all_give_a_finite_volume_or_a_refusal(content: bytes, start: bytes) -> None:
    survives(start + content)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["mgh", "nrrd", "tar", "zip", "zip of DICOM"]),
    st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), min_size=1, max_size=6),
    st.one_of(st.none(), st.integers(0, 4000)),
)
def test_other_formats_with_any_bytes_changed_or_cut_give_a_finite_volume_or_a_refusal(kind, edits, cut) -> None:
    changed = bytearray(OTHERS[kind])
    for position, value in edits:
        changed[position % len(changed)] = value
    volume, refusal = None, None
    try:
        volume = read_scan(bytes(changed[:cut]))
    except ScanError as error:
        refusal = error
    if volume is None:
        assert str(refusal).endswith(".")
        assert "CANARY" not in str(refusal)
        assert refusal.__cause__ is None
    else:
        assert np.isfinite(volume.array).all()
        assert np.isfinite(volume.affine).all()


def check_writable(volume: Volume) -> None:
    """Whatever was accepted can carry a result, which says what was read."""
    again = read_nifti(encode_nifti(volume.array, volume))
    np.testing.assert_array_equal(again.array, volume.array)
    np.testing.assert_array_equal(again.source.affine, volume.source.affine)
