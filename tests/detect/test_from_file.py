"""The whole chain: a file in, result files out, in whatever order the file keeps its axes."""

import json
import re
from fnmatch import fnmatch
from itertools import permutations, product

import nibabel as nib
import numpy as np
import pytest
from nibabel.orientations import apply_orientation, inv_ornt_aff
from scipy import ndimage

from tests.support.heads import CHECKPOINT, CONFIG, mask_of, run, small_head
from uad_core.__main__ import main
from uad_core.atlas.space import ATLAS_AFFINE
from uad_core.detect import export
from uad_core.detect.from_file import DetectRequest, detect_file
from uad_core.detect.result_files import result_stem, subject_label
from uad_core.io.paths import ROOT, SAMPLES
from uad_core.io.volume import ScanError
from uad_core.pipeline.segment import DetectConfig

SIGNS = list(product((1.0, -1.0), repeat=3))
ORIENTATIONS = [  # each order of the axes with two directions of them; tests/io reads all 48
    np.column_stack([order, SIGNS[which]])
    for number, order in enumerate(permutations(range(3)))
    for which in (number, 7 - number)
]


def turned(image: nib.Nifti1Image, orientation: np.ndarray) -> nib.Nifti1Image:
    data = apply_orientation(np.asanyarray(image.dataobj), orientation)
    return nib.Nifti1Image(data, image.affine @ inv_ornt_aff(orientation, image.shape))


def test_any_order_of_axes_gives_the_same_mask_permuted(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "scan_report", lambda *_: b"")  # pages that nobody looks at
    image = small_head()
    plain = mask_of(run(tmp_path / "plain.nii.gz", image, tmp_path / "plain"))
    expected = np.asanyarray(plain.dataobj)
    assert expected.shape == image.shape
    np.testing.assert_array_equal(plain.affine, image.affine)
    assert ndimage.label(expected)[1] == 2
    for number, orientation in enumerate(ORIENTATIONS):
        other = turned(image, orientation)
        mask = mask_of(run(tmp_path / "other.nii.gz", other, tmp_path / f"{number}"))
        np.testing.assert_array_equal(mask.affine, other.affine)
        np.testing.assert_array_equal(np.asanyarray(mask.dataobj), apply_orientation(expected, orientation))


def test_the_lesions_lie_where_they_were_put(tmp_path):
    detection = run(tmp_path / "scan.nii.gz", small_head(), tmp_path / "out")
    (x, y, z), (x2, y2, z2) = (lesion.centre_mm for lesion in detection.segmentation.lesions)
    assert (x, y) == pytest.approx((24 * 4 - 239, 38 * 4), abs=2)
    assert (x2, y2) == pytest.approx((37 * 4 - 239, 25 * 4), abs=2)
    assert min(z, z2) > 66
    assert np.linalg.inv(ATLAS_AFFINE) @ (x, y, z, 1) == pytest.approx((z, 239 - y, -x, 1))


def test_results_say_how_they_came_about_and_nothing_about_the_patient(tmp_path):
    image = small_head()
    image.header["descrip"] = b"CANARY^PATIENT"
    detection = run(tmp_path / "CANARY^PATIENT.nii.gz", image, tmp_path / "out")
    for path in [*detection.files, tmp_path / "out" / "dataset_description.json"]:
        data = nib.load(path).header.binaryblock if path.name.endswith(".nii.gz") else path.read_bytes()
        assert b"CANARY" not in data
        assert "CANARY" not in path.name
    record = json.loads(next(p for p in detection.files if p.name.endswith("mask.json")).read_bytes())
    assert record["Threshold"] == 0.7
    assert record["Detection"]["postprocess"]["median_size"] == 3
    assert record["Checkpoint"]["Sha256"] == CHECKPOINT.sha256
    assert "not for diagnosis" in record["Use"]


def test_the_table_has_a_row_for_each_region_and_a_sidecar_that_explains_each_column(tmp_path):
    detection = run(tmp_path / "scan.nii.gz", small_head(), tmp_path / "out")
    table = next(p for p in detection.files if p.suffix == ".tsv").read_text().splitlines()
    columns = table[0].split("\t")
    assert columns[:3] == ["index", "name", "volume_mm3"]
    rows = [dict(zip(columns, line.split("\t"), strict=True)) for line in table[1:]]
    assert [row["side"] for row in rows] == ["left", "right"]  # of 57 and 33 voxels of 4 mm, put there above
    explained = json.loads(next(p for p in detection.files if p.name.endswith("dseg.json")).read_bytes())
    assert list(explained) == columns
    for name in ("place", "side"):
        assert {row[name] for row in rows} <= set(explained[name]["Levels"])
    record = json.loads(next(p for p in detection.files if p.name.endswith("mask.json")).read_bytes())
    assert len(rows) == len(detection.segmentation.lesions) == record["Lesions"]


def test_the_residual_map_is_the_scan_itself_for_a_model_of_zeros(tmp_path):
    detection = run(tmp_path / "scan.nii.gz", small_head(), tmp_path / "out")
    path = next(p for p in detection.files if p.name.endswith("residual_FLAIR.nii.gz"))
    residual = nib.load(path).get_fdata()
    scan = small_head().get_fdata()
    within = (np.arange(39) * 4 > 68) & (np.arange(39) * 4 < 76)
    assert residual[..., ~((np.arange(39) * 4 > 65) & (np.arange(39) * 4 < 79))].max() == 0
    inside = ndimage.binary_erosion(scan > 0)[..., within]
    assert np.corrcoef(residual[..., within][inside], scan[..., within][inside])[0, 1] > 0.95


def test_file_names_are_bids(tmp_path):
    from bidsschematools.rules import regexify_filename_rules
    from bidsschematools.schema import load_schema

    schema = load_schema()
    rules = regexify_filename_rules(schema.rules.files.deriv, schema, level=2)
    detection = run(tmp_path / "sub-x1_FLAIR.nii.gz", small_head(), tmp_path / "out")
    names = [path.relative_to(tmp_path / "out").as_posix() for path in detection.files]
    ignored = (tmp_path / "out" / ".bidsignore").read_text().split()
    others = [name for name in names if any(fnmatch(name, pattern) for pattern in ignored)]
    assert others == ["sub-x1_space-orig_desc-test_report.html"]
    assert len(names) == 7
    for name in set(names) - set(others):
        assert name.startswith("sub-x1/anat/sub-x1_")
        assert any(re.fullmatch(rule["regex"], name) for rule in rules), name


def test_the_command_line_is_recorded_without_the_users_file_names(tmp_path):
    nib.save(small_head(), tmp_path / "CANARY.nii.gz")
    words = ["--model", "intensity", "--no-strip", "--no-register", "--slab", "paper", "--median-size", "3"]
    assert main(["detect", str(tmp_path / "CANARY.nii.gz"), "--out", str(tmp_path / "out"), *words]) == 0
    command = "python -m uad_core detect YOUR_SCAN.nii.gz --out results --model intensity --median-size 3"
    for path in (tmp_path / "out").rglob("*"):
        if path.suffix in {".json", ".html"} and ("mask" in path.name or "report" in path.name):
            text = path.read_text()
            assert f"{command} --slab paper --no-strip --no-register" in text
            assert "CANARY" not in text


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("sub-07_ses-1_FLAIR.nii.gz", "07_ses-1"),
        ("Müller Hans.nii", "scan"),
        ("../../sub-a/etc", "scan"),
        ("sub-.nii", "scan"),
    ],
)
def test_only_bids_names_give_a_label(name, label):
    assert subject_label(name) == label


def test_a_bad_scan_leaves_nothing_behind(tmp_path):
    (tmp_path / "bad.nii.gz").write_bytes(b"no scan")
    with pytest.raises(ScanError):
        detect_file(DetectRequest(tmp_path / "bad.nii.gz", CHECKPOINT, CONFIG), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_empty_mask_is_not_called_healthy(tmp_path):
    detection = run(tmp_path / "s.nii.gz", small_head(), tmp_path / "o", DetectConfig(threshold=1.0))
    assert detection.sentences[-1].startswith("No voxel above the threshold")
    assert not np.asanyarray(mask_of(detection).dataobj).any()


def test_a_download_is_named_as_the_command_line_names_the_file():
    """A checkpoint's name may hold dots and underscores, which BIDS does not allow in a label."""
    assert result_stem("x1", "my.model_2-b") == "sub-x1_space-orig_desc-mymodel2b"
    page = (ROOT / "pages" / "ui" / "detect" / "results.py").read_text()
    assert "space-orig" not in page, "the page has no name of its own"


def test_the_readme_names_only_what_exists():
    text = (ROOT / "README.md").read_text()
    for command in ("make app", "make test", "python -m uad_core detect"):
        assert command in text
    for path in re.findall(r"`((?:uad_core|docs|tools|data_samples)/[\w./]+)`|\]\(([\w./]+)\)", text):
        assert (ROOT / (path[0] or path[1])).exists(), path


def test_the_readmes_python_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "head_FLAIR.nii.gz").write_bytes((SAMPLES / "sub-ms01_FLAIR.nii.gz").read_bytes())
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert "regions" in capsys.readouterr().out
    assert list((tmp_path / "results").rglob("*_mask.nii.gz"))
