"""Where results go: nobody else's are replaced, and nothing is computed that cannot be kept."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np

from tests.support.heads import CHECKPOINT, CONFIG, SHOWN_AS_PREPARED, small_head
from tests.support.input_case import NOTED, REFUSED, InputCase
from uad_core.detect import from_file
from uad_core.detect.from_file import DetectRequest, detect_file
from uad_core.detect.result_files import subject_label
from uad_core.io.output import check_file, check_folder

KIND = "Results"
CANARY = "CANARY^PATIENT"
WORK = ("prepare_scan", "reconstruct")  # what takes minutes


def saved(path: Path, gain: float = 1.0) -> Path:
    """The small head, or another person's where `gain` is not 1, as a file."""
    image = small_head()
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(np.asanyarray(image.dataobj) * np.float32(gain), image.affine), path)
    return path


def detected(path: Path, out: Path, subject: str | None = None) -> tuple[str, ...]:
    """Names of the files written, and the sentences on what lay there before, behind a bar."""
    result = detect_file(DetectRequest(path, CHECKPOINT, CONFIG, SHOWN_AS_PREPARED, subject), out)
    kept = ("Results of", "The folder is a dataset")
    return tuple(sentence for sentence in result.sentences if sentence.startswith(kept))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def second(first, other, gain, more=0):
    """Two scans into one folder: what the first left stays as it was, but for what is `more`."""

    def run(folder):
        out = folder / "out"
        detected(saved(folder / first), out)
        before = contents(out)
        try:
            return detected(saved(folder / "b" / other, gain), out)
        finally:
            after = contents(out)
            assert gain == 1 or {name: after[name] for name in before} == before
            assert len(after) == len(before) + more

    return run


def named(tried, name, label):
    def run(folder):
        assert subject_label(name) == label
        return ()

    return InputCase(tried, run)


def own_dataset(folder):
    mine = {"dataset_description.json": json.dumps({"Name": "Invented study", "BIDSVersion": "1.8.0"}).encode(),
            ".bidsignore": b"extra/\n"}  # fmt: skip
    for name, data in mine.items():
        (folder / name).write_bytes(data)
    said = detected(saved(folder / "sub-1/anat/sub-1_FLAIR.nii.gz"), folder)
    assert contents(folder).items() >= mine.items()
    return said


def files_of_the_same_name(folder):
    out = folder / "out/sub-1/anat"
    out.mkdir(parents=True)
    (out / "sub-1_space-orig_desc-test_mask.nii.gz").write_bytes(b"drawn by hand")
    try:
        return detected(saved(folder / "sub-1_FLAIR.nii.gz"), folder / "out")
    finally:
        assert list(contents(folder / "out").values()) == [b"drawn by hand"]


def impossible(make):
    """Refused before anything is computed."""

    def run(folder):
        out, forbidden = make(folder), {name: getattr(from_file, name) for name in WORK}
        try:
            for name in WORK:
                setattr(from_file, name, None)  # a call would end in a TypeError
            return detected(saved(folder / "scan.nii.gz"), out)
        finally:
            for name, work in forbidden.items():
                setattr(from_file, name, work)

    return run


def a_file(folder):
    (folder / "taken").write_text("a letter")
    return folder / "taken"


def below_a_file(folder):
    return a_file(folder) / "results"


def broken_link(folder):
    (folder / "link").symlink_to(folder / "gone")
    return folder / "link"


def bad_subject(subject):
    return lambda folder: detected(saved(folder / "scan.nii.gz"), folder / "out", subject)


def with_subject(folder):
    detected(saved(folder / "scan.nii.gz"), folder / "out", "sub-12_ses-3")
    assert (folder / "out/sub-12/ses-3/anat/sub-12_ses-3_space-orig_desc-test_mask.nii.gz").is_file()
    return ()


def a_folder_as_file(folder):
    check_file(folder)
    return ()


def proc(folder):
    check_folder(Path("/proc/1/results"))
    return ()


OTHER = ("another scan under the same name",)
CASES = [
    *(named(f"a scan called {name}", name, "scan") for name in (
        "sub-Doe-Jane_FLAIR.nii.gz", "sub-07.2_FLAIR.nii.gz", "sub-07_ses-2019-03-04_FLAIR.nii.gz",
        "sub-07_sub-08_FLAIR.nii.gz")),
    named("a session, an acquisition and a run in the name",
          "sub-07_ses-01_acq-3d_run-2_FLAIR.nii.gz", "07_ses-01_acq-3d_run-2"),
    named("entities in another order than BIDS's", "sub-7_run-1_ses-2_FLAIR.nii", "7_ses-2_run-1"),
    named("a reconstruction and a contrast agent", "sub-7_ce-gd_rec-norm_FLAIR.nii", "7_ce-gd_rec-norm"),
    named("entities that results have themselves", "sub-7_space-MNI_desc-brain_FLAIR.nii", "7"),
    named("a name that may be a patient's", f"{CANARY}_ses-1_FLAIR.nii.gz", "scan"),
    named("a path in the name", "..\\..\\sub-a/../sub-1_FLAIR.nii", "1"),
    InputCase("two people without a label into one folder", second("anna.nii.gz", "bert.nii.gz", 1.1, more=7), NOTED,
              ("sub-scan2",)),
    InputCase("two people of one label into one folder", second("sub-1_FLAIR.nii.gz", "sub-1_FLAIR.nii.gz", 1.1),
              REFUSED, OTHER),
    InputCase("two visits of one person into one folder",
              second("sub-1_ses-1_FLAIR.nii.gz", "sub-1_ses-2_FLAIR.nii.gz", 1.1, more=7)),
    InputCase("the same scan again", second("sub-1_FLAIR.nii", "sub-1_FLAIR.nii", 1.0), NOTED, ("were replaced",)),
    InputCase("results beside the scan, in a dataset of its own", own_dataset, NOTED, ("stay as they are",)),
    InputCase("a mask of that name that was drawn by hand", files_of_the_same_name, REFUSED, OTHER),
    InputCase("results into a file", impossible(a_file), REFUSED, ("Name another folder",)),
    InputCase("results below a file", impossible(below_a_file), REFUSED, ("Name another folder",)),
    InputCase("results into a broken link", impossible(broken_link), REFUSED, ("Name another folder",)),
    InputCase("a folder's name of 300 letters", impossible(lambda folder: folder / ("x" * 300)), REFUSED, ("Name",)),
    InputCase("a folder's name with a zero byte", impossible(lambda folder: folder / "a\0b"), REFUSED, ("Name",)),
    InputCase("a folder where nothing can be written", proc, REFUSED, ("Name a folder that you may write to",)),
    InputCase("a folder where a picture should go", a_folder_as_file, REFUSED, ("Name a file in it",)),
    InputCase("a label of the user's with a session", with_subject),
    *(InputCase(f"a label of the user's that is {what}", bad_subject(label), REFUSED, ("letters and digits",))
      for what, label in (("a path", "../../etc"), ("a name with a blank", "Anna B"), ("an odd entity", "1_task-a"))),
]  # fmt: skip
