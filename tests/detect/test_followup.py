"""Two scans in, what changed between them out: files, table and page; the second scan in another place."""

import json

import nibabel as nib
import numpy as np
import pytest

from tests.support.heads import small_head
from uad_core.__main__ import main
from uad_core.pipeline.change import STATUSES


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A head, and the same with one lesion more, moved by some millimetres."""
    folder = tmp_path_factory.mktemp("dates")
    first = small_head()
    data = np.asanyarray(first.dataobj).copy()
    i, j, k = np.ogrid[tuple(slice(0, n) for n in data.shape)]
    data[(i - 22) ** 2 + (j - 24) ** 2 + (k - 19) ** 2 <= 6] = 220
    affine = first.affine.copy()
    affine[:3, 3] += (5, -3, 4)
    nib.save(first, folder / "CANARY_first.nii.gz")
    nib.save(nib.Nifti1Image(data, affine), folder / "CANARY_second.nii.gz")
    words = ["--model", "intensity", "--no-strip", "--no-register", "--slab", "paper", "--percentile", "99",
             "--subject", "x1"]  # fmt: skip
    scans = [str(folder / f"CANARY_{name}.nii.gz") for name in ("first", "second")]
    assert main(["followup", *scans, "--out", str(folder / "out"), *words]) == 0
    return folder / "out"


def test_the_new_lesion_is_found_where_it_was_put_and_named_new(out):
    image = nib.load(next(out.rglob("*change_dseg.nii.gz")))
    voxels = np.asanyarray(image.dataobj)
    assert image.shape == small_head().shape
    np.testing.assert_array_equal(image.affine, small_head().affine)
    assert voxels[22, 24, 19] == STATUSES.index("new") + 1
    assert voxels[24, 38, 18] in (0, STATUSES.index("stable") + 1)  # a lesion of both dates
    rows = [line.split("\t") for line in next(out.rglob("*change_dseg.tsv")).read_text().splitlines()]
    new = [row for row in rows if row[1] == "new"]
    assert len(new) == 1
    assert new[0][0] == "1"  # the changed ones first


def test_all_that_is_written_says_how_it_came_about_and_names_no_file(out):
    record = json.loads(next(out.rglob("*change_dseg.json")).read_text())["Change"]
    assert record["Result"].startswith("Regions: 1 new")
    assert record["Detection"]["percentile"] == 99
    assert record["FirstScanSha256"] != record["SecondScanSha256"]
    report = next(out.glob("*change_report.html")).read_text()
    assert "region 1, new" in report
    assert ">1</i>" in report  # beside the region in the picture
    assert "not for diagnosis" in report
    for path in out.rglob("*"):
        assert "CANARY" not in path.name
        assert path.is_dir() or b"CANARY" not in path.read_bytes()


def test_one_file_given_twice_is_told(out, tmp_path, capsys):
    scan = str(out.parent / "CANARY_first.nii.gz")
    words = ["--model", "intensity", "--no-strip", "--no-register", "--slab", "paper"]
    assert main(["followup", scan, scan, "--out", str(tmp_path), *words]) == 0
    said = capsys.readouterr().out
    assert "Both dates are the same scan" in said
    assert "0 new, 0 enlarged, 0 shrunk, 0 resolved" in said


def test_another_pair_in_the_same_folder_replaces_nothing(out, tmp_path, capsys):
    first, second = (str(out.parent / f"CANARY_{name}.nii.gz") for name in ("first", "second"))
    words = ["--model", "intensity", "--no-strip", "--no-register", "--slab", "paper", "--out", str(tmp_path)]
    assert main(["followup", first, second, *words]) == 0
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    capsys.readouterr()
    for pair in ([second, first], [first, first]):
        assert main(["followup", *pair, *words]) == 0
        assert "Results of another scan lie there under the same name, and stay" in capsys.readouterr().out
    assert all(path.read_bytes() == data for path, data in kept.items())
    assert {path.name.split("_")[0] for path in tmp_path.rglob("*change_dseg.json")} == {
        "sub-scan", "sub-scan2", "sub-scan3"
    }  # fmt: skip
    assert main(["followup", first, second, *words]) == 0
    assert "Results of the same scan and model were replaced." in capsys.readouterr().out
    assert main(["detect", second, *words]) == 0  # not under the name of the pair whose first scan is another
    assert "these are sub-scan2's" in capsys.readouterr().out
    assert main(["followup", first, second, *words, "--subject", "x1"]) == 0
    assert main(["followup", second, first, *words, "--subject", "x1"]) == 2
    assert "Name another folder" in capsys.readouterr().err


def test_two_brains_are_not_taken_for_two_dates_of_one(out, tmp_path, capsys):
    one = nib.load(out.parent / "CANARY_first.nii.gz")
    turned = np.asanyarray(one.dataobj)[::-1]  # another brain: the template has no mirror symmetry, nor its texture
    nib.save(nib.Nifti1Image(np.ascontiguousarray(turned), one.affine), tmp_path / "other.nii.gz")
    words = ["--model", "intensity", "--no-strip", "--no-register", "--slab", "paper"]
    for second, alike in ((out.parent / "CANARY_second.nii.gz", True), (tmp_path / "other.nii.gz", False)):
        scans = [str(out.parent / "CANARY_first.nii.gz"), str(second)]
        assert main(["followup", *scans, "--out", str(tmp_path / second.name[:5]), *words]) == 0
        assert ("hardly alike" in capsys.readouterr().out) != alike
        record = json.loads(next((tmp_path / second.name[:5]).rglob("*change_dseg.json")).read_text())["Change"]
        assert any("hardly alike" in doubt for doubt in record["Warnings"]) != alike
        assert any(doubt.startswith("Second date: ") for doubt in record["Warnings"])
