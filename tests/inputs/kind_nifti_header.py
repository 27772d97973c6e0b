"""NIfTI headers and values that mean something else than they say."""

from __future__ import annotations

import gzip

import numpy as np

from tests.support.input_case import NOTED, REFUSED, InputCase, same_scan
from tests.support.nifti_files import nifti
from tests.support.odd_images import AFFINE, ball, clean, file, image_case, qform_of, voxels
from uad_core.io.read_scan import read_scan

KIND = "NIfTI: places and values"
NAN = float("nan")
UNSET = ["sform holds no place", "qform was used"]
CONTRADICTION = ["header states two", "Convert the scan again"]
MIRRORED = AFFINE @ np.diag([-1.0, 1, 1, 1])
NEAR = AFFINE.copy()
NEAR[:3, 3] += (0, 0.4, 0)
NEARER = AFFINE.copy()
NEARER[:3, 3] += (0, 0.05, 0)
FAR = AFFINE.copy()
FAR[:3, 3] += (0, 30, 0)


def odd(tried, right, words, sform=None, **fields):
    return image_case(tried, lambda folder: file(None, sform, **fields), right, words)


def with_values(tried, make, right=NOTED, words=()):
    """A row of other stored values that mean the same, but for the background."""

    def run(folder):
        volume = read_scan(make())
        inside = clean().array > 0
        np.testing.assert_array_equal(volume.array[inside], clean().array[inside])
        assert (volume.array[~inside] <= 0).all()
        return [note for note in volume.notes if note not in clean().notes]

    return InputCase(tried, run, right, tuple(words))


def around(value, air=None):
    return lambda: file(np.where(~ball(9) if air is None else air, value, voxels()).astype(np.float32))


def inside(count, value):
    data = voxels().astype(np.float32)
    places = np.argwhere(ball(7))[:count]
    data[tuple(places.T)] = value
    return lambda folder: file(data)


def wrapped(bits):
    """Tissue of up to 60,000, or 200, stored in as many bits of a signed number."""

    def run(folder):
        shells = np.linspace(0, 1, 24)[:, None, None] * ball(9)
        unsigned = (shells * (2**bits - 40) + voxels() % 7).astype(f"u{bits // 8}")
        plain = read_scan(file(unsigned))
        return same_scan(read_scan(file(unsigned.view(f"i{bits // 8}"))), plain)

    return run


def all_bright(folder):
    unsigned = (voxels().astype(np.uint16) + 40000) * ball(9)
    return same_scan(read_scan(file(unsigned.view(np.int16))), read_scan(file(unsigned)))


def bright_floats(folder):
    unsigned = ((voxels() + 200) * 60 * ball(9)).astype(np.uint16)
    return same_scan(read_scan(file(unsigned.view(np.int16).astype(np.float32))), read_scan(file(unsigned)))


def truly_signed(folder):
    """As nibabel scales floats: the whole range of 16 bits, with air at the lowest value."""
    data = (voxels().astype(float) / voxels().max() * 65535 - 32768).astype(np.int16)
    volume = read_scan(file(data, scl_slope=0.5, scl_inter=16384))
    np.testing.assert_array_equal(volume.array[clean().array == 0], 0)
    return [note for note in volume.notes if note not in clean().notes]


def shifted_down(folder):
    """Sharp edges between air at the lowest value of 12 bits and tissue far above it: nothing was wrapped."""
    data = (5 * voxels().astype(int)).clip(0, 4095) - 2048
    volume = read_scan(file(data.astype(np.int16)))
    np.testing.assert_array_equal(volume.to_source(volume.array), data)
    return [note for note in volume.notes if note not in clean().notes]


CASES = [
    odd("sform of zeros beside a good qform", NOTED, UNSET, np.diag([0.0, 0, 0, 1]), **qform_of()),
    odd("sform with NaN beside a good qform", NOTED, UNSET, srow_x=[NAN, 0, 0, 0], **qform_of()),
    odd("sform onto a plane beside a good qform", NOTED, UNSET, srow_z=[0, 0, 0, 1], **qform_of()),
    odd("sform that is the identity beside a good qform", NOTED, UNSET, np.eye(4), **qform_of()),
    odd("sform 1e9 mm away beside a good qform", NOTED, UNSET, srow_x=[-1, 0, 0, 1e9], **qform_of()),
    odd("sform of voxels of 1e-5 mm beside a good qform", NOTED, UNSET, np.diag([1e-5, 1e-5, 1e-5, 1]), **qform_of()),
    odd("no sform, a good qform", "as the clean one", [], sform_code=0, **qform_of()),
    odd("sform of zeros, no qform", REFUSED, ["does not say where the voxels lie"], np.diag([0.0, 0, 0, 1])),
    odd("sform of zeros, a qform without voxel size", REFUSED, ["does not say where"], np.diag([0.0, 0, 0, 1]),
        **qform_of() | {"pixdim": [1, 0, 0, 0, 0, 0, 0, 0]}),
    odd("a qform that is none beside a good sform", "as the clean one", [], **qform_of() | {"quatern_b": 2}),
    odd("sform mirrored against the qform", REFUSED, [*CONTRADICTION, "left and right"], **qform_of(MIRRORED)),
    odd("sform of voxels twice as long as the qform's", REFUSED, [*CONTRADICTION, "voxel sizes"],
        **qform_of(AFFINE @ np.diag([1, 1, 0.5, 1]))),
    odd("pixdim twice as large as the sform's voxels", REFUSED, [*CONTRADICTION, "voxel sizes"],
        pixdim=[1, 2, 2.2, 4, 1, 1, 1, 1]),
    odd("pixdim 3 % off", NOTED, ["two voxel sizes"], pixdim=[1, 1.03, 1.1, 2, 1, 1, 1, 1]),
    odd("no pixdim beside a good sform", NOTED, ["two voxel sizes"], pixdim=[0] * 8),
    odd("qform 30 mm beside the sform", NOTED, ["two positions", "30.0 mm apart"], **qform_of(FAR)),
    odd("qform 0.4 mm beside the sform", NOTED, ["two positions", "0.4 mm apart"], **qform_of(NEAR)),
    odd("qform 0.05 mm beside the sform", "as the clean one", [], **qform_of(NEARER)),
    odd("pixdim of NaN, no transform", REFUSED, ["no voxel size"], sform_code=0, pixdim=[NAN] * 8),
    odd("microns labelled as such", NOTED, ["micrometres; it was converted"],
        np.diag([1e3, 1e3, 1e3, 1]) @ AFFINE, xyzt_units=3),
    odd("no unit of length", NOTED, ["no unit of length"], xyzt_units=0),
    with_values("NaN around the head", around(NAN), NOTED, ["around the head", "no signal"]),
    image_case("NaN in three voxels of air", lambda folder: file(np.where(
        np.arange(voxels().size).reshape(voxels().shape) < 3, NAN, voxels())), NOTED, ["3 voxels were not a number"]),
    image_case("NaN in a tenth of the tissue", inside(200, NAN), REFUSED, ["Too many voxels are not numbers"]),
    image_case("infinity around the head", lambda folder: around(-np.inf)(), REFUSED, ["Too many voxels"]),
    image_case("nothing but NaN", lambda folder: file(np.full(voxels().shape, NAN, np.float32)), REFUSED, ["Too many"]),
    InputCase("unsigned values of 16 bits labelled as signed", wrapped(16), NOTED, ("put right",)),
    InputCase("the same, with all of the tissue above half the range", all_bright, NOTED, ("put right",)),
    InputCase("the same, stored as floats since", bright_floats, NOTED, ("put right",)),
    InputCase("unsigned values of 8 bits labelled as signed", wrapped(8), NOTED, ("put right",)),
    InputCase("values that were shifted to -2048", shifted_down, NOTED, ("looks like CT",)),
    InputCase("signed values over the whole range", truly_signed),
    odd("a scale of 0", "as the clean one", [], scl_slope=0, scl_inter=7),
    odd("a scale of NaN", NOTED, ["scale is not a number"], scl_slope=NAN),
    image_case("a plain .nii", lambda folder: gzip.decompress(file()), NOTED, ["no checksum"]),
    image_case("one bit flipped in a .nii.gz", lambda folder: flipped(file()), REFUSED, ["checksum is wrong"]),
    image_case("four axes, the last of 1", lambda folder: file(voxels()[..., None]), NOTED, ["more than three"]),
    odd("four axes, the last of 0", NOTED, ["more than three"], dim=[4, *voxels().shape, 0, 1, 1, 1]),
    image_case("slices as points in time", lambda folder: file(voxels()[:, :, None]), REFUSED, ["one slice each"]),
    image_case("two volumes", lambda folder: file(np.stack([voxels()] * 2, 3)), REFUSED, ["holds 2 volumes"]),
    image_case("half of a file", lambda folder: file()[:2000], REFUSED, ["incomplete"]),
    image_case("a mask in place of the scan", lambda folder: file(ball(9).astype(np.uint8)), REFUSED, ["mask"]),
    image_case("big endian", lambda folder: gzip.compress(nifti(voxels(), AFFINE, order=">"))),
    image_case("NIfTI-2", lambda folder: gzip.compress(nifti(voxels(), AFFINE, version=2))),
]  # fmt: skip


def flipped(data):
    changed = bytearray(data)
    changed[len(data) // 2] ^= 1
    return bytes(changed)
