"""A corrected mask in its files, and made again from them."""

import json

import nibabel as nib
import numpy as np
import pytest

from tests.support.heads import CHECKPOINT, CONFIG, SHOWN_AS_PREPARED, mask_of, run, small_head
from uad_core.detect.export import export
from uad_core.detect.from_file import DetectRequest, detect_file, summary
from uad_core.io.volume import ScanError
from uad_core.pipeline.edits import MaskEdits, edited, region_voxels, voxels_of


@pytest.fixture(scope="module")
def detection(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    return run(folder / "scan.nii.gz", small_head(), folder / "out")


@pytest.fixture(scope="module")
def corrected(detection):
    """The second region deleted, and a square drawn."""
    slab = detection.reconstruction.prepared.slab
    drawn = np.zeros(slab.shape, bool)
    drawn[2:10, 120:140, 150:170] = True
    edits = MaskEdits().with_removed("delete", region_voxels(detection.segmentation, slab, 2), whole=True)
    edits = edits.with_added("paint", voxels_of(drawn, slab))
    return edited(detection.segmentation, detection.reconstruction, edits)


@pytest.fixture(scope="module")
def files(detection, corrected):
    return export(detection.reconstruction, corrected, CONFIG, "x1", "python -m uad_core detect")


def named(files, ending):
    return next(data for name, data in files.items() if name.endswith(ending))


def test_every_file_has_the_corrected_mask_and_says_so(detection, corrected, files, tmp_path):
    (tmp_path / "mask.nii.gz").write_bytes(named(files, "_mask.nii.gz"))
    voxels = np.asanyarray(nib.load(tmp_path / "mask.nii.gz").dataobj)
    prepared = detection.reconstruction.prepared
    expected = prepared.scan.to_source(prepared.to_scan(corrected.mask, order=0).astype(np.uint8))
    np.testing.assert_array_equal(voxels, expected)
    rows = [line.split("\t") for line in named(files, "_dseg.tsv").decode().splitlines()]
    assert rows[0][-1] == "by_hand"
    assert sorted(row[-1] for row in rows[1:]) == ["drawn", "no"]
    report = named(files, "_report.html").decode()
    assert "Corrected by hand:" in report
    assert "drawn by hand" in report
    record = json.loads(named(files, "_mask.json"))["ByHand"]
    assert record["Deeds"] == ["delete", "paint"]
    assert record["AddedMl"] == pytest.approx(corrected.added_ml, abs=1e-3)
    assert [(region["Number"], region["How"]) for region in record["Regions"]] == [(2, "drawn")]
    assert "corrected by hand" in summary(corrected)


def test_the_json_of_a_corrected_mask_makes_the_same_mask_again(files, tmp_path):
    record = tmp_path / "x_mask.json"
    record.write_bytes(named(files, "_mask.json"))
    nib.save(small_head(), tmp_path / "scan.nii.gz")
    request = DetectRequest(tmp_path / "scan.nii.gz", CHECKPOINT, CONFIG, SHOWN_AS_PREPARED, edits=record)
    again = detect_file(request, tmp_path / "out")
    assert mask_of(again).get_fdata().tobytes() == mask_from(files, tmp_path).tobytes()
    assert "corrected by hand" in again.summary


def mask_from(files, folder):
    (folder / "first.nii.gz").write_bytes(named(files, "_mask.nii.gz"))
    return nib.load(folder / "first.nii.gz").get_fdata()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ScanSha256": "0" * 64}, "another scan"),
        ({"ByHand": None}, "is not one"),
        ({"ByHand": {"Deeds": [], "Added": "1:2", "Removed": "2:1", "Dismissed": ""}}, "is not one"),  # both at once
        ({"ByHand": {"Deeds": [], "Added": "99999999:5", "Removed": "", "Dismissed": ""}}, "is not one"),
        ({"ByHand": {"Deeds": ["<b>"], "Added": "", "Removed": "", "Dismissed": ""}}, "is not one"),
        ({"ByHand": {"Deeds": [], "Added": 5, "Removed": "", "Dismissed": ""}}, "is not one"),
    ],
)
def test_what_is_no_record_of_edits_or_another_scans_is_refused(files, tmp_path, change, sentence):
    path = tmp_path / "x_mask.json"
    path.write_text(json.dumps(json.loads(named(files, "_mask.json")) | change))
    nib.save(small_head(), tmp_path / "scan.nii.gz")
    request = DetectRequest(tmp_path / "scan.nii.gz", CHECKPOINT, CONFIG, SHOWN_AS_PREPARED, edits=path)
    with pytest.raises(ScanError, match=sentence):
        detect_file(request, tmp_path / "out")
    assert not (tmp_path / "out").exists()
