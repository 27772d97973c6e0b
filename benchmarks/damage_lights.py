"""Which lights turn when something was done to a head? `python -m benchmarks.damage_lights [SCANS...] [--masks]`.

Each whole head (the bundled one where none is given) is damaged in ways that happen to real scans, and prepared.
Printed: what is amber or red of a damaged head and was not of the sound one; with `--masks` the mask is held against
that of the sound head as well. Of a sound head nothing should turn that its header does not say.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from uad_core import detect
from uad_core.atlas.space import PAPER_SLAB
from uad_core.evaluate.metrics.masks import dice
from uad_core.io.nifti import encode_nifti
from uad_core.io.paths import SAMPLES
from uad_core.io.read_scan import read_scan
from uad_core.io.volume import ScanError, Volume
from uad_core.preprocess import Prepared
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan
from uad_core.quality import run_checks

HEAD = SAMPLES / "sub-rawms03_FLAIR.nii.gz"
Damage = Callable[[np.ndarray, tuple[float, ...]], np.ndarray]  # (slices, rows, columns), mm along them -> the same


def _times(factor: float, which: Callable[[int], int | slice]) -> Damage:
    """Some slices brighter."""

    def change(scan: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
        scan[which(len(scan) // 2)] *= factor
        return scan

    return change


def _order(places: Callable[[int], list[int]]) -> Damage:
    """The slices of `places`, sorted, in their place."""

    def change(scan: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
        taken = places(len(scan) // 2)
        scan[sorted(taken)] = scan[taken]
        return scan

    return change


def _moved(scan: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    scan[::2] = np.roll(scan[::2], round(7 / spacing[1]), axis=1)
    return scan


def _smoothed(mm: float) -> Damage:
    return lambda scan, spacing: ndimage.gaussian_filter(scan, np.divide(mm, spacing))


def _thick_once(scan: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    size = round(5 / spacing[1])
    thick = ndimage.uniform_filter1d(scan, size, axis=1)[:, ::size]
    return ndimage.zoom(thick, (1, scan.shape[1] / thick.shape[1], 1), order=1)


def _repeated(share: float, part: int) -> Damage:
    return lambda scan, spacing: scan + share * np.roll(scan, scan.shape[1] // part, axis=1)


def _equalised(scan: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    return np.where(scan > 0, np.searchsorted(np.sort(scan[scan > 0]), scan), 0)


def _cut_off(scan: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    return np.minimum(scan, np.quantile(scan[scan > 0], 0.95))


def _wrapped(scan: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    bright = np.quantile(scan[scan > 0.3 * np.quantile(scan, 0.98)], 0.97)
    return np.round(scan * 250 / bright) % 256


def _dark_band(scan: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """As of a saturation band across the head, 35 % and 15 mm of standard deviation."""
    mm = spacing[1] * (np.arange(scan.shape[1]) - 0.55 * scan.shape[1])
    return scan * (1 - 0.35 * np.exp(-((mm / 15) ** 2)))[:, None]


def _tissue(scan: np.ndarray) -> float:
    """How bright it is."""
    return float(np.median(scan[scan > 0.3 * np.quantile(scan, 0.98)]))


def _head(scan: np.ndarray) -> np.ndarray:
    """Where it is, (slices, rows, columns) bool."""
    return np.stack([ndimage.binary_fill_holes(level) for level in scan > 0.3 * _tissue(scan)])


def _constant_added(scan: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    return np.where(_head(scan), scan + 0.7 * _tissue(scan), 0)


def _bright_fluid(scan: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    below = 0.9 * _tissue(scan) - scan
    return np.where(_head(scan) & (below > 0), scan + 0.6 * below, scan)


def _without(axis: int, mm: float) -> Damage:
    """Nothing in the last millimetres of the head along an axis."""

    def change(scan: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
        others = tuple(one for one in range(3) if one != axis)
        end = np.flatnonzero(np.count_nonzero(_head(scan), axis=others) > 20)[-1] - round(mm / spacing[axis])
        return np.where(np.indices(scan.shape, sparse=True)[axis] > end, 0, scan)

    return change


DAMAGES: dict[str, tuple[Damage, str]] = {  # what was done: how, and the light that is there for it
    "one slice brighter": (_times(1.3, lambda middle: middle), "Slices"),
    "every second slice brighter": (_times(1.15, lambda middle: slice(None, None, 2)), "Slices"),
    "one slice without signal": (_times(1e-3, lambda middle: middle), "Slices"),
    "every second slice moved": (_moved, "Slices"),
    "five slices in reverse": (_order(lambda middle: [*range(middle + 2, middle - 3, -1)]), "Slices"),
    "eight slices in reverse": (_order(lambda middle: [*range(middle + 3, middle - 5, -1)]), "Slices"),
    "two slices exchanged": (_order(lambda m: [m + 3, m + 1, m + 2, m]), "Slices"),
    "smoothed by 2 mm": (_smoothed(2.0), "Sharpness"),
    "smoothed by 4 mm": (_smoothed(4.0), "Sharpness"),
    "slices of 5 mm, once": (_thick_once, "Sharpness"),
    "a ghost of a tenth": (_repeated(0.1, 2), "Ghosts"),
    "a ghost of a third, near by": (_repeated(0.3, 5), "Ghosts"),
    "brightest values cut off": (_cut_off, "Brightest values"),
    "values of 8 bits that began at 0 again": (_wrapped, "Brightest values"),
    "darkest values cut off": (lambda scan, spacing: np.maximum(scan - 0.35 * _tissue(scan), 0), "Darkest values"),
    "a constant added to the head": (_constant_added, "FLAIR contrast"),
    "fluid badly suppressed": (_bright_fluid, "FLAIR contrast"),
    "35 mm of the top set to 0": (_without(0, 35), "Field of view"),
    "35 mm behind set to 0": (_without(1, 35), "Field of view"),
    "a dark band": (_dark_band, "Shading"),
    "a logarithm": (lambda scan, spacing: np.log1p(scan), "FLAIR contrast"),
    "its histogram equalised": (_equalised, "FLAIR contrast"),
}


def damaged(scan: Volume, name: str) -> Volume:
    """The scan with the damage of that name; its slices are taken to lie along the longest side of a voxel."""
    axis = int(np.argmax(scan.spacing_mm))
    spacing = (scan.spacing_mm[axis], *np.delete(scan.spacing_mm, axis))
    moved = np.moveaxis(scan.array, axis, 0).astype(np.float32)  # a copy
    values = DAMAGES[name][0](moved, spacing)
    return replace(scan, array=np.ascontiguousarray(np.moveaxis(values, 0, axis), dtype=np.float32))


def prepared(scan: Volume) -> Prepared:
    """As the command `detect` does it."""
    return prepare_scan(scan, PAPER_SLAB, PrepareOptions(), lambda step, share: None)


def lights_turned(head: Prepared) -> dict[str, str]:
    """The lights that are amber or red."""
    return {one.name: one.severity for one in run_checks(head) if one.severity in ("amber", "red")}


def lines(path: Path, masks: bool) -> Iterator[str]:
    """The table of one head."""
    sound = read_scan(path)
    usual = lights_turned(prepared(sound))
    clean = detect(encode_nifti(sound.array, sound)).mask if masks else None
    yield f"{path.name}: {usual or 'no light'}"
    for name, (_, light) in DAMAGES.items():
        changed = damaged(sound, name)
        try:
            turned = dict(lights_turned(prepared(changed)).items() - usual.items())
            alike = ""
            if clean is not None:
                alike = f"Dice {dice(detect(encode_nifti(changed.array, changed)).mask, clean):.2f}, "
            yield f"  {name} ({light}): {alike}{turned or 'no light'}"
        except ScanError as refusal:
            yield f"  {name} ({light}): refused. {refusal}"


def main() -> None:
    """Print a line for each damage of each head."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scans", type=Path, nargs="*", default=[HEAD], help="whole heads (default: the bundled one)")
    parser.add_argument("--masks", action="store_true", help="detect on each, too, and compare the masks")
    options = parser.parse_args()
    for path in options.scans:
        for line in lines(path, options.masks):
            print(line, flush=True)


if __name__ == "__main__":
    main()
