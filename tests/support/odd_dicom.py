"""Odd uploads around one invented FLAIR of eight slices, as the rows of docs/INPUTS.md try them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.support.dicom_files import LPS, head, oblique, series, slice_dataset, to_bytes
from tests.support.input_case import READ, InputCase, Right, same_scan
from uad_core.io.read_scan import ScanSource, read_scan
from uad_core.io.volume import Volume

COUNT = head().shape[2]


def dicom_case(
    tried: str,
    make: Callable[[Path], ScanSource],
    right: Right = READ,
    words: Iterable[str] = (),
    picked: int | None = None,
) -> InputCase:
    """A row whose input has to be read as the FLAIR of `series()`."""
    return InputCase(tried, lambda folder: same_scan(read_scan(make(folder), picked), clean()), right, tuple(words))


@cache
def clean() -> Volume:
    return read_scan(series())


def saved(folder: Path, files: Sequence[bytes], name: str = "{:03d}.dcm") -> Path:
    """A folder with the files in it."""
    folder.mkdir(exist_ok=True, parents=True)
    for number, data in enumerate(files):
        (folder / name.format(number)).write_bytes(data)
    return folder


def other(series_uid: str, seed: int = 1, affine: np.ndarray | None = None, **fields: Any) -> list[bytes]:
    """A second series with other voxels."""
    return series(head(seed=seed), affine, SeriesInstanceUID=series_uid, **fields)


def each(change: Callable[[Dataset, int], None], files: Sequence[bytes] | None = None) -> list[bytes]:
    """The FLAIR's files, each changed as a data set."""
    changed = []
    for k, data in enumerate(series() if files is None else files):
        dataset = dcmread(io.BytesIO(data))
        change(dataset, k)
        changed.append(to_bytes(dataset))
    return changed


def slices(ks: Iterable[float], seed: int = 0, **fields: Any) -> list[bytes]:
    """Slices at the places `ks` of the FLAIR's grid, with the voxels of slice 0, 1, ... of that seed."""
    made = []
    for n, k in enumerate(ks):
        dataset = slice_dataset(head(seed=seed), oblique(), n % COUNT, **fields)
        place = LPS @ oblique() @ (0, 0, k, 1)
        dataset.ImagePositionPatient = [f"{x:.6f}" for x in place[:3]]
        dataset.InstanceNumber = n + 1
        dataset.SOPInstanceUID = f"1.2.3.{seed}.{n + 1}"
        made.append(to_bytes(dataset))
    return made
