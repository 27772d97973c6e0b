"""What was done to a whole head's grey values or slices turns the light that is there for it; nothing else does."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from uad_core.atlas.space import PAPER_SLAB
from uad_core.io.nifti import read_nifti
from uad_core.io.paths import SAMPLES
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan
from uad_core.quality import run_checks

HEAD = SAMPLES / "sub-rawms03_FLAIR.nii.gz"  # slices of 3 mm, 208 x 256 voxels of 0.9 mm


def brighter(scan, which, factor):
    scan[which] *= factor
    return scan


def in_order(scan, places, order):
    scan[places] = scan[order]
    return scan


def moved(scan):
    scan[::2] = np.roll(scan[::2], 8, axis=1)
    return scan


def equalised(scan):
    return np.where(scan > 0, np.searchsorted(np.sort(scan[scan > 0]), scan), 0).astype(np.float32)


def thick_once(scan):
    thick = ndimage.uniform_filter1d(scan, 6, axis=1)[:, ::6]
    return ndimage.zoom(thick, (1, scan.shape[1] / thick.shape[1], 1), order=1)


def repeated(scan, share, by, axis):
    return scan + share * np.roll(scan, by, axis)


MIDDLE, SECOND = 28, slice(None, None, 2)
DAMAGES = {  # what was done: how, the light, and what it may show
    "one slice brighter": (lambda scan: brighter(scan, MIDDLE, 1.3), "Slices", {"red"}),
    "every second slice brighter": (lambda scan: brighter(scan, SECOND, 1.15), "Slices", {"amber", "red"}),
    "one slice without signal": (lambda scan: brighter(scan, MIDDLE, 1e-3), "Slices", {"red"}),
    "every second slice moved": (moved, "Slices", {"amber", "red"}),
    "three slices in reverse": (lambda scan: in_order(scan, [24, 26], [26, 24]), "Slices", {"amber"}),
    "eight slices in reverse": (lambda scan: in_order(scan, range(24, 32), range(31, 23, -1)), "Slices", {"amber"}),
    "two slices exchanged": (lambda scan: in_order(scan, [24, 27], [27, 24]), "Slices", {"amber"}),
    "smoothed": (lambda scan: ndimage.gaussian_filter(scan, [0.7, 2.2, 2.2]), "Sharpness", {"amber", "red"}),
    "thick slices once": (thick_once, "Sharpness", {"amber", "red"}),
    "a ghost of a tenth": (lambda scan: repeated(scan, 0.1, 128, 1), "Ghosts", {"amber", "red"}),
    "a ghost of a third, near by": (lambda scan: repeated(scan, 0.3, 50, 1), "Ghosts", {"red"}),
    "brightest values cut off": (
        lambda scan: np.minimum(scan, np.quantile(scan[scan > 0], 0.95)), "Brightest values", {"red"}),
    "a logarithm": (np.log1p, "FLAIR contrast", {"amber", "red"}),
    "its histogram equalised": (equalised, "FLAIR contrast", {"red"}),
}  # fmt: skip


def turned(scan) -> dict[str, str]:
    """The lights that are amber or red, of slices that are thick anyway."""
    checks = run_checks(prepare_scan(scan, PAPER_SLAB, PrepareOptions(), lambda step, share: None))
    return {one.name: one.severity for one in checks if one.severity in ("amber", "red") and "thick" not in one.name}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_was_done_to_a_head_turns_its_light(name):
    damage, light, severities = DAMAGES[name]
    sound = read_nifti(HEAD)
    damaged = replace(sound, array=damage(sound.array.copy()).astype(np.float32))
    assert turned(damaged).get(light) in severities


def test_a_sound_head_turns_none():
    assert turned(read_nifti(HEAD)) == {}
