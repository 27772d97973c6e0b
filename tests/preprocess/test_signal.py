"""Where grey values have their zero: affine changes change nothing, or the scan is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uad_core.io.nifti import read_nifti
from uad_core.io.paths import SAMPLES
from uad_core.io.volume import ScanError
from uad_core.preprocess.signal import with_zero


@pytest.fixture(scope="module")
def raw():
    """A whole head with its air."""
    return read_nifti(SAMPLES / "sub-rawms03_FLAIR.nii.gz")


@pytest.fixture(scope="module")
def stripped():
    """A brain on black."""
    return read_nifti(SAMPLES / "sub-ms02_FLAIR.nii.gz")


@pytest.mark.parametrize("name", ["raw", "stripped"])
@settings(max_examples=15, deadline=None)
@given(scale=st.floats(1e-3, 1e3), offset=st.floats(-5, 5))
def test_an_affine_change_of_grey_values_is_undone(request, name, scale, offset):
    head = request.getfixturevalue(name)
    span = float(np.ptp(head.array))
    changed, _ = with_zero(_with(head, (head.array + offset * span) * scale))
    np.testing.assert_allclose(changed.array / scale, with_zero(head)[0].array, atol=1e-5 * span * (1 + abs(offset)))


def test_a_scan_whose_background_is_0_already_is_not_touched(stripped):
    assert with_zero(stripped) == (stripped, ())


@pytest.mark.parametrize("value", [-32768, 65535])
def test_padding_in_the_margin_is_background(raw, value):
    margin = np.arange(raw.shape[2]) < 8
    padded, warnings = with_zero(_with(raw, np.where(margin, value, raw.array + 300)))
    assert "padding" in warnings[0]
    assert not padded.array[:, :, :8].any()
    clean = with_zero(raw)[0].array
    np.testing.assert_allclose(padded.array[:, :, 8:], clean[:, :, 8:], atol=0.02 * np.quantile(clean, 0.98))


def test_a_brain_whose_background_lies_within_its_grey_values_is_refused(stripped):
    inside = stripped.array > 0
    values = stripped.array[inside]
    scored = _with(stripped, np.where(inside, (stripped.array - values.mean()) / values.std(), 0))
    with pytest.raises(ScanError, match="darker than its background"):
        with_zero(scored)


def _with(scan, array):
    return replace(scan, array=np.asarray(array, np.float32))
