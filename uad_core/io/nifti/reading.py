"""A file's bytes, checked step by step, to a scan or to a mask on a scan's grid."""

from pathlib import Path

import numpy as np
from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation

from uad_core.io.image_header import ImageHeader
from uad_core.io.marks import Marks, brain_marks, lesion_marks
from uad_core.io.mgh import TAIL_BYTES, check_tail, is_mgh, parse_mgh
from uad_core.io.nifti.container import SLACK_BYTES, Source, image_bytes, is_gzip, peek, unpack
from uad_core.io.nifti.geometry import corner_distance_mm
from uad_core.io.nifti.header import HEAD_BYTES, check_extensions, parse_header
from uad_core.io.nrrd import is_nrrd, parse_nrrd
from uad_core.io.values import all_finite, check_scan, check_size, unwrapped
from uad_core.io.volume import ScanError, Volume, refused

NARROW = (16, 12, 8)  # bits of the whole numbers that scanners and programs write
MOST_LESION_ML = 700.0  # half a brain; a mask of more is the brain's
GRID_TOLERANCE = 0.1  # voxels between the corners of two grids that are the same
TOO_BIG = "There is too little memory for this image. Crop or resample it."
UNCHECKED = "A plain file has no checksum, so damage to its voxels or their places cannot be seen; .nii.gz has one."
RESAMPLE = "Give the mask that was drawn on this scan, or resample it to the scan's grid."


def read_nifti(source: Source) -> Volume:
    """The scan in a NIfTI file. Raises ScanError, by the codes of the package; nothing else, for any bytes."""
    with refused("too_big", TOO_BIG, MemoryError):
        values, header, notes = _load(source)
        notes += check_scan(values)
        return Volume.from_source(values, header.grid, notes)


def read_mask(source: Source, like: Volume) -> np.ndarray:
    """The brain mask in a file that lies on the grid of the scan `like`: (D, H, W) bool, on its canonical grid.

    The axes may be in another order or direction than the scan's, as long as the voxels are the same. Raises ScanError:
    not_a_mask, grid_mismatch, or a code of `read_nifti`.
    """
    with refused("too_big", TOO_BIG, MemoryError):
        values, header, _ = _load(source)
        return _on_grid(brain_marks(values), header, like)


def read_lesions(source: Source, like: Volume, may_number: bool = True) -> Marks:
    """The lesion mask in a file, likewise: what is lesion, what is neither lesion nor healthy, and notes."""
    with refused("too_big", TOO_BIG, MemoryError):
        values, header, _ = _load(source)
        found = lesion_marks(values, may_number)
        inside, ignored = (_on_grid(part, header, like) for part in (found.inside, found.ignored))
        if np.count_nonzero(inside) * like.voxel_mm3 / 1000 > MOST_LESION_ML:
            brain = f"The mask marks more than {MOST_LESION_ML:.0f} ml as lesion, which is as much as a brain."
            raise ScanError("not_a_mask", f"{brain} Give the mask of the lesions.")
        return Marks(inside, ignored, found.notes)


def _on_grid(inside: np.ndarray, header: ImageHeader, like: Volume) -> np.ndarray:
    """An (i, j, k) array of a file on the canonical grid of `like`. Raises ScanError: grid_mismatch."""
    affine = header.grid.affine
    ornt = io_orientation(like.to_world.inverse.matrix @ affine)  # file's axes -> D, H, W of the scan
    affine = affine @ inv_ornt_aff(ornt, inside.shape)
    mask = apply_orientation(inside, ornt)
    if mask.shape != like.shape:
        found, wanted = (" x ".join(map(str, shape)) for shape in (mask.shape, like.shape))
        raise ScanError("grid_mismatch", f"The mask has {found} voxels, but the scan has {wanted}. {RESAMPLE}")
    if corner_distance_mm(affine, like.affine, like.shape) > GRID_TOLERANCE * min(like.spacing_mm):
        elsewhere = "The mask has as many voxels as the scan, but its header puts them elsewhere in space."
        raise ScanError("grid_mismatch", f"{elsewhere} {RESAMPLE}")
    return np.ascontiguousarray(mask)


def _load(source: Source) -> tuple[np.ndarray, ImageHeader, tuple[str, ...]]:
    """The (i, j, k) float32 values of a file, all finite, its header, and notes."""
    data, packed = image_bytes(source)
    notes: tuple[str, ...] = ()
    named_gzip = isinstance(source, Path) and source.name.lower().endswith((".gz", ".mgz"))
    if isinstance(source, Path) and not packed and named_gzip != is_gzip(data):
        notes += ("The name does not tell whether the file is compressed; its content does.",)
    if is_nrrd(data):
        header, gzipped = parse_nrrd(data)
        rest = data[header.offset :]
        content = data[: header.offset] + (unpack(rest, header.end - header.offset) if gzipped else rest)
        content = unpack(content, header.end)
    else:
        head = peek(data, HEAD_BYTES)
        mgh = is_mgh(head)
        header = parse_mgh(head) if mgh else parse_header(head)
        content = unpack(data, header.end, TAIL_BYTES if mgh else SLACK_BYTES)
        if mgh:
            check_tail(content[header.end :])
        check_extensions(content, header)
        gzipped = is_gzip(data)
    if len(content) > header.end and not is_mgh(content):
        notes += ("Bytes that follow the image were ignored.",)
    if not (gzipped or packed):
        notes += (UNCHECKED,)
    values, value_notes = read_values(content, header)
    return values, header, notes + header.notes + value_notes


def read_values(content: bytes, header: ImageHeader) -> tuple[np.ndarray, tuple[str, ...]]:
    """The scaled values of a file, (i, j, k) float32 and all finite. Raises ScanError: non_finite, absurd_values."""
    stored = np.frombuffer(content, header.dtype, header.voxels, header.offset).reshape(header.shape, order="F")
    notes: tuple[str, ...] = ()
    if header.dtype.kind in "if":  # wider numbers that were made of few bits keep the fault
        own = 8 * header.dtype.itemsize if header.dtype.kind == "i" else 16
        stored, notes = unwrapped(stored, own)
        for bits in (bits for bits in NARROW if bits < own and not notes and stored.max() > 0):
            stored, notes = unwrapped(stored, bits)
    finite = np.isfinite(stored)
    with np.errstate(over="ignore", invalid="ignore"):
        if (header.slope, header.intercept) == (1.0, 0.0):
            values = stored.astype(np.float32)
        else:
            values = (stored.astype(np.float64) * header.slope + header.intercept).astype(np.float32)
    values, finite_notes = all_finite(values, finite)
    check_size(values)
    return values, notes + finite_notes
