"""Grey values that were changed on their way: what a model sees must stay the same, or the scan is refused."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from tests.support.input_case import NOTED, READ, REFUSED, InputCase, Right
from uad_core.io.nifti import read_nifti, write_nifti
from uad_core.io.paths import SAMPLES
from uad_core.io.volume import Volume
from uad_core.preprocess import Prepared, PreprocessConfig, infer_config, prepare

KIND = "Grey values"
Change = Callable[[np.ndarray, np.ndarray], np.ndarray]  # values, brain -> values
CLOSE = 2e-3  # of the greys that a model sees; white is 1


@cache
def _scan() -> Volume:
    return read_nifti(SAMPLES / "sub-ms02_FLAIR.nii.gz")


@cache
def _clean() -> Prepared:
    return prepare(_scan(), _config(_scan()))


def _config(scan: Volume) -> PreprocessConfig:
    return replace(infer_config(scan), denoise_iterations=0)


def grey_case(tried: str, change: Change, right: Right = READ, words: tuple[str, ...] = ()) -> InputCase:
    """A skull-stripped scan whose values were changed, read from a file and prepared."""

    def run(folder: Path) -> Iterable[str]:
        scan = _scan()
        values = change(scan.array.astype(np.float64), scan.array > 0).astype(np.float32)
        write_nifti(folder / "scan.nii.gz", values, scan)
        changed = read_nifti(folder / "scan.nii.gz")
        prepared = prepare(changed, _config(changed))
        np.testing.assert_allclose(prepared.array, _clean().array, atol=CLOSE)
        return [text for text in (*changed.notes, *prepared.warnings) if text not in _clean().warnings]

    return InputCase(tried, run, right, words)


def _margin(value: float) -> Change:
    return lambda values, brain: np.where(np.arange(values.shape[2]) < 8, value, values)


def _scored(values: np.ndarray, brain: np.ndarray) -> np.ndarray:
    return (values - values[brain].mean()) / values[brain].std()


def _blank(values: np.ndarray, brain: np.ndarray) -> np.ndarray:
    values[len(values) // 2] = 0
    return values


def _left_over(values: np.ndarray, brain: np.ndarray) -> np.ndarray:
    """What a stripping tool left of the head's top, a slice above the last of the brain."""
    last = int(np.flatnonzero(brain.any(axis=(1, 2)))[-1])
    values[last + 2, 100:110, 100:110] = values[brain].mean() + np.arange(100).reshape(10, 10) / 10
    return values


DARKER, PADDED = ("darker than its background",), ("padding value",)
CASES = [
    grey_case("z-scored over all voxels", lambda values, brain: (values - values.mean()) / values.std()),
    grey_case("z-scored by the brain, background kept", _scored),
    grey_case("z-scored by the brain, background 0", lambda values, brain: np.where(brain, _scored(values, brain), 0),
              REFUSED, DARKER),
    grey_case("mean of the brain subtracted, background 0",
              lambda values, brain: np.where(brain, values - values[brain].mean(), 0), REFUSED, DARKER),
    grey_case("an offset of 100", lambda values, brain: values + 100),
    grey_case("an offset of 1000", lambda values, brain: values + 1000),
    grey_case("an offset of -1024, as in CT", lambda values, brain: values - 1024, NOTED, ("CT",)),
    grey_case("scaled to -1 to 1", lambda values, brain: 2 * values / values.max() - 1),
    grey_case("scaled to 0 to 1", lambda values, brain: values / values.max()),
    grey_case("a thousandth", lambda values, brain: values / 1000),
    grey_case("a thousand times", lambda values, brain: values * 1000),
    grey_case("divided by the mean and 3 added", lambda values, brain: values / values.mean() + 3),
    grey_case("inverted", lambda values, brain: values.max() - values, REFUSED, DARKER),
    grey_case("inverted within the brain", lambda values, brain: np.where(brain, -values, 0), REFUSED, DARKER),
    grey_case("a slice amid the head that is blank", _blank, REFUSED, ("A slice within the scan is blank",)),
    grey_case("a bit of tissue left beyond a stripped brain", _left_over),
    grey_case("padding -32768 in the margin", _margin(-32768), NOTED, PADDED),
    grey_case("padding 65535 in the margin", _margin(65535), NOTED, PADDED),
]  # fmt: skip
