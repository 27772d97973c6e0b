"""The BIDS App: names, derivatives, resuming, kills, bad scans, and the table of all."""

import csv
import json
import re
import shutil
from fnmatch import fnmatch

import nibabel as nib
import numpy as np
import pytest
from bidsschematools.rules import regexify_filename_rules
from bidsschematools.schema import load_schema
from pyarrow import parquet

from benchmarks.bids_app import disturbed
from tests.doors.conftest import SCANS, bids
from uad_core.__main__ import _parser
from uad_core.commands.bids import tasks_of
from uad_core.doors import engines
from uad_core.doors.bids_scans import find_scans
from uad_core.doors.one_scan import KILLED
from uad_core.io.paths import ROOT
from uad_core.io.volume import ScanError


def table(out):
    return list(csv.DictReader((out / "group.tsv").read_text().splitlines(), delimiter="\t"))


def files(out):
    """Path -> when it was written."""
    return {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file() and "group" not in path.name}


def copy(folder, to):
    shutil.copytree(folder, to)
    return to


def test_two_kills_lose_no_scan_do_none_twice_and_leave_the_same_table(dataset, undisturbed, tmp_path):
    out = tmp_path / "out"
    disturbed(dataset, out, SCANS)
    assert bids(dataset, out, "group").returncode == 0
    assert (out / "group.tsv").read_bytes() == (undisturbed / "group.tsv").read_bytes()
    assert {row["state"] for row in table(out)} == {"done"}
    assert len({row["scan"] for row in table(out)}) == SCANS
    names = [{path.relative_to(root) for path in files(root)} for root in (out, undisturbed)]
    assert names[0] == names[1]
    for path in undisturbed.rglob("*_mask.nii.gz"):
        assert path.read_bytes() == (out / path.relative_to(undisturbed)).read_bytes()


def test_what_is_done_is_not_done_again_and_what_changed_is(dataset, undisturbed, tmp_path):
    ours, out = copy(dataset, tmp_path / "dataset"), copy(undisturbed, tmp_path / "out")
    before = files(out)
    assert bids(ours, out, "participant").stdout.splitlines()[-1] == f"{SCANS} done before"
    assert files(out) == before
    first, second, *_ = sorted(ours.rglob("*_FLAIR.nii.gz"))
    image = nib.load(first)
    nib.save(nib.Nifti1Image(image.get_fdata(dtype=np.float32) * 0.9, image.affine), first)
    next(out.rglob(f"{second.name.removesuffix('_FLAIR.nii.gz')}_*_mask.nii.gz")).unlink()
    assert bids(ours, out, "participant").stdout.splitlines()[-1] == f"2 done, {SCANS - 2} done before"
    shape = image.shape
    for path in out.rglob("*_mask.nii.gz"):
        assert nib.load(path).shape == shape
    other = bids(ours, out, "participant", "--percentile", "97", "--participant-label", "sub-0001")
    assert other.stdout.splitlines()[-1] == "2 done", "another setting is another result"


def test_a_half_written_result_of_a_killed_process_is_replaced(dataset, undisturbed, tmp_path):
    out = copy(undisturbed, tmp_path / "out")
    log = next((out / "logs").glob("*.json"))
    log.write_text(json.dumps({"state": "running", "key": "", "files": []}))
    mask = next(out.rglob(f"{log.stem}_mask.json"))
    mask.unlink()
    left = [path.parent / f".{path.name}.0abc_x9.tmp" for path in (mask, log, out / f"{log.stem}_report.html")]
    for path in left:
        path.write_bytes(b"{")
    assert bids(dataset, out, "participant").stdout.splitlines()[-1] == f"1 done, {SCANS - 1} done before"
    assert not any(path.exists() for path in left)


def test_a_bad_scan_is_a_row_with_its_sentence(dataset, undisturbed, tmp_path):
    ours, out = copy(dataset, tmp_path / "dataset"), copy(undisturbed, tmp_path / "out")
    bad = ours / "sub-0000" / "ses-1" / "anat" / "sub-0000_ses-1_run-1_FLAIR.nii.gz"
    bad.write_bytes(b"CANARY")
    for chunk in (1, 2):
        shutil.copy(ours / "sub-0001/ses-1/anat/sub-0001_ses-1_run-1_FLAIR.nii.gz",
                    ours / "sub-0001/ses-1/anat" / f"sub-0001_ses-1_run-2_chunk-{chunk}_FLAIR.nii.gz")  # fmt: skip
    shown = bids(ours, out, "participant")
    assert shown.returncode == 0
    assert shown.stdout.splitlines()[-1] == f"{SCANS - 1} done before, 3 refused"
    bids(ours, out, "group")
    rows = {row["scan"]: row for row in table(out) if row["state"] != "done"}
    assert set(rows) == {"sub-0000_ses-1_run-1", "sub-0001_ses-1_run-2"}
    assert rows["sub-0001_ses-1_run-2"]["sentence"].startswith("Another scan of this dataset has the same")
    assert not list(out.rglob("sub-0000_ses-1_*_mask.nii.gz")), "the mask of the scan that lay there before is gone"
    text = (out / "group.html").read_text()
    assert rows["sub-0000_ses-1_run-1"]["sentence"][:30] in text
    assert text.count("<img") == SCANS - 1


def test_the_table_holds_every_region_of_every_scan_and_is_the_same_as_parquet(dataset, undisturbed):
    rows, typed = table(undisturbed), parquet.read_table(undisturbed / "group.parquet").to_pylist()
    assert [row["scan"] for row in rows] == [row["scan"] for row in typed]
    masks = sorted(undisturbed.rglob("*_mask.nii.gz"))
    assert len(masks) == SCANS
    for path in masks:
        name = path.name.split("_space")[0]
        record = json.loads(path.with_name(path.name.replace("nii.gz", "json")).read_text())
        mine = [row for row in typed if row["scan"] == name]
        assert len(mine) == max(record["Lesions"], 1)
        assert mine[0]["participant_id"] == name[:8]
        assert mine[0]["session_id"] in ("ses-1", "ses-2")
        assert mine[0]["scan_sha256"] == record["ScanSha256"]
        assert mine[0]["checkpoint_identity"] == record["Checkpoint"]["Identity"]
        regions = (path.with_name(path.name.replace("mask.nii.gz", "dseg.tsv"))).read_text().splitlines()[1:]
        assert [str(row["region_volume_mm3"]) for row in mine] == [line.split("\t")[2] for line in regions]


def test_every_file_is_named_as_bids_has_it_or_listed_as_none_of_its(undisturbed):
    ignored = (undisturbed / ".bidsignore").read_text().split()
    schema = load_schema()
    rules = regexify_filename_rules(schema.rules.files.deriv, schema, level=2)
    core = {rule["path"] for rule in schema.rules.files.common.core.values() if "path" in rule}
    names = [path.relative_to(undisturbed).as_posix() for path in undisturbed.rglob("*") if path.is_file()]
    left = [name for name in names if not any(fnmatch(name, one + "*" * one.endswith("/")) for one in ignored)]
    assert len(left) == SCANS * 6 + 2
    for name in left:
        assert name in {*core, ".bidsignore"} or any(re.fullmatch(rule["regex"], name) for rule in rules), name
    assert any(name.startswith("sub-0000/ses-1/anat/sub-0000_ses-1_run-1_space-orig_desc-") for name in left)
    about = json.loads((undisturbed / "dataset_description.json").read_text())
    assert about["DatasetType"] == "derivative"
    assert about["GeneratedBy"][0]["Name"] == "uad_core"


def test_labels_choose_and_unknown_ones_are_refused(dataset):
    assert len(find_scans(dataset, ["sub-0001"], ["2"])) == 1
    assert [scan.label for scan in find_scans(dataset, ["0002"])] == ["0002_ses-1_run-1", "0002_ses-2_run-1"]
    for labels in ((["nobody"], []), ([], ["9"])):
        with pytest.raises(ScanError, match="no FLAIR scan of a"):
            find_scans(dataset, *labels)
    with pytest.raises(ScanError, match="holds no FLAIR"):
        find_scans(dataset / "sub-0001")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["sub-1/anat/sub-1_part-mag_FLAIR.nii", "sub-1/anat/sub-1_part-phase_FLAIR.nii"], {"1": ""}),
        (["sub-1/anat/sub-1_FLAIR.nii", "sub-1/anat/sub-1_FLAIR.nii.gz"], {"1": "there as .nii and as .nii.gz"}),
        (["sub-1/anat/sub-1_flair.nii"], {"1": "named as BIDS has it"}),
        (["sub-1/anat/sub-1_FLAIR.NII.GZ"], {"1": "named as BIDS has it"}),
        (["sub-1/sub-1_FLAIR.nii"], {"1": "named as BIDS has it"}),
        (["sub-1/anat/sub-3_FLAIR.nii"], {"1": "named as BIDS has it"}),
        (["sub-1/ses-1/anat/sub-1_ses-2_FLAIR.nii"], {"1_ses-1": "named as BIDS has it"}),
        (["sub-1/ses-1/anat/sub-1_ses-1_FLAIR.nii", "sub-1/ses-2/anat/sub-1_ses-2_flair.nii"],
         {"1_ses-1": "", "1_ses-2": "named as BIDS has it"}),
        (["sub-1/anat/sub-1_mod-FLAIR_defacemask.nii"], {}),
    ],
)  # fmt: skip
def test_a_scan_that_is_not_named_as_bids_has_it_is_a_row_of_its_own(names, found, tmp_path):
    for name in ["sub-9/anat/sub-9_FLAIR.nii.gz", *names]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    rows = {scan.label: scan.problem for scan in find_scans(tmp_path)}
    assert rows.pop("9") == ""
    assert rows.keys() == found.keys()
    assert all(words in rows[label] and bool(words) == bool(rows[label]) for label, words in found.items())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{data}", "{out}", "group"], "No scan has a result yet"),
        (["{data}", "{data}", "participant"], "cannot go into the dataset itself"),
        (["{data}", "{out}", "participant", "--jobs", "0"], "At least one process"),
        (["{data}/nowhere", "{out}", "participant"], "There is no folder"),
        (["{data}", "{out}", "participant", "--model", "nobody"], "There is no checkpoint of that name"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(dataset, tmp_path, capsys, words, said):
    from uad_core.__main__ import main

    assert main(["bids", *(word.format(data=dataset, out=tmp_path / "out") for word in words)]) == 2
    assert said in capsys.readouterr().err


def deadly(task):
    """In place of `process_scan`: one scan at which every process dies."""
    import os
    import signal

    if "0001_ses-1" in task.label:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"label": task.label, "state": "done"}


def test_a_scan_at_which_processes_die_is_given_up_and_the_others_are_done(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "process_scan", deadly)
    options = _parser(["bids"]).parse_args(["bids", str(dataset), str(tmp_path), "participant"])
    records = list(engines.on_this_machine(tasks_of(find_scans(dataset), options), jobs=2))
    assert sorted(record["label"] for record in records) == sorted(scan.label for scan in find_scans(dataset))
    (given_up,) = [record for record in records if record["state"] != "done"]
    assert given_up["label"] == "0001_ses-1_run-1"
    assert given_up["sentence"] == KILLED


def test_the_boutiques_descriptor_says_what_the_command_line_knows():
    described = json.loads((ROOT / "examples" / "boutiques.json").read_text())
    parser = next(action for action in _parser(["bids"])._actions if action.choices).choices["bids"]
    known = {word for action in parser._actions for word in action.option_strings}
    flags = {one["command-line-flag"] for one in described["inputs"] if "command-line-flag" in one}
    assert flags <= known
    assert {"--participant-label", "--session-label", "--jobs", "--model", "--percentile"} <= flags
    for one in described["inputs"]:
        assert one["value-key"] in described["command-line"]
