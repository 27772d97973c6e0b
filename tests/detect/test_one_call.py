"""`from uad_core import detect`: the room that is a function, with typed results."""

import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest

from tests.support.heads import CHECKPOINT, CONFIG, SHOWN_AS_PREPARED, small_head
from uad_core import detect
from uad_core.detect.from_file import Detection
from uad_core.io.paths import ROOT
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import CheckpointError
from uad_core.pipeline.lesions import Lesion

SETTING = {"model": CHECKPOINT, "config": CONFIG, "prepare_options": SHOWN_AS_PREPARED}


def test_three_lines_give_a_mask_in_the_axes_of_the_file_and_its_regions(tmp_path):
    nib.save(small_head(), tmp_path / "head.nii.gz")
    found = detect(str(tmp_path / "head.nii.gz"), **SETTING)
    assert isinstance(found, Detection)
    assert [type(one) for one in found.lesions] == [Lesion, Lesion]
    assert found.summary.startswith("2 regions")
    assert found.files == ()
    assert [path.name for path in tmp_path.iterdir()] == ["head.nii.gz"], "nothing was written"
    written = detect(tmp_path / "head.nii.gz", tmp_path / "out", subject="07", **SETTING)
    (file,) = [path for path in written.files if path.name.endswith("_mask.nii.gz")]
    assert file.name.startswith("sub-07_")
    for mask in (found.mask, written.mask):
        assert mask.dtype == np.uint8
        np.testing.assert_array_equal(mask, np.asanyarray(nib.load(file).dataobj))


def test_what_cannot_be_used_is_refused_as_on_the_command_line(tmp_path):
    (tmp_path / "bad.nii").write_bytes(b"no scan")
    with pytest.raises(ScanError):
        detect(tmp_path / "bad.nii", **SETTING)
    with pytest.raises(CheckpointError):
        detect(tmp_path / "bad.nii", model="nobody")


def test_importing_the_function_loads_neither_torch_nor_a_model():
    code = "import sys; from uad_core import detect; print(sorted({'torch', 'numpy', 'SimpleITK'} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
