"""A mask that is not understood makes its patient a healthy subject, who is then trained on."""

from __future__ import annotations

import gzip
import unicodedata
from pathlib import Path

from tests.support.cohort_files import cohort_of, grouped, listed, picture
from tests.support.input_case import REFUSED, InputCase
from uad_core.cohorts.cohort import open_cohort

KIND = "Cohort folders: names"
UNKNOWN = ("meaning is not known", "_lesion.nii.gz")
ALONE = ("belongs to no scan",)
BELOW = ("within the cohort folder holds what may be masks",)
SCAN = "sub-1_FLAIR.png"
PATIENT, HEALTHY = [("sub-1", False, False)], [("sub-1", True, False)]


def seen(tried, *names, expected=PATIENT):
    """The folder of a scan and files called `names` lists `expected`."""

    def run(folder):
        assert listed(open_cohort(cohort_of(folder / "c", SCAN, *names))) == expected
        return ()

    return InputCase(tried, run)


def refused(tried, *names, words=UNKNOWN):
    return InputCase(tried, lambda folder: listed(open_cohort(cohort_of(folder / "c", *names))) and (), REFUSED, words)


def unicode_forms(folder):
    composed, split = (unicodedata.normalize(form, "sub-Jörg") for form in ("NFC", "NFD"))
    assert composed != split
    assert listed(open_cohort(cohort_of(folder / "c", f"{split}_FLAIR.png", f"{composed}_lesion.png"))) == [
        (composed, False, False)
    ]
    return ()


def twice(other: bytes | None, names=("sub-1_FLAIR.nii", "sub-1_FLAIR.nii.gz")):
    def run(folder: Path):
        plain, packed = (folder / name for name in names)
        plain.write_bytes(b"the scan" * 99)
        packed.write_bytes(gzip.compress(b"the scan" * 99) if other is None else other)
        assert [subject.flair for subject in open_cohort(folder).subjects] == [packed]
        return ()

    return run


def visits(folder):
    names = [f"sub-{person}_ses-{visit}_FLAIR.png" for person in range(6) for visit in (1, 2)]
    cohort = open_cohort(cohort_of(folder / "c", *names))
    for seed in range(5):
        inside, outside = cohort.split(0.3, seed)
        assert {one.person for one in inside.subjects}.isdisjoint(one.person for one in outside.subjects)
        assert len(inside.subjects) + len(outside.subjects) == 12
    return ()


def together(tried, names, groups):
    def run(folder):
        assert grouped(cohort_of(folder / "c", *(f"{name}_FLAIR.png" for name in names))) == groups
        return ()

    return InputCase(tried, run)


def mac_litter(folder):
    cohort_of(folder / "c", SCAN, "sub-2_FLAIR.png")
    for name in ("._sub-1_FLAIR.png", "._sub-3_FLAIR.png", ".DS_Store"):
        (folder / "c" / name).write_bytes(b"\x00\x05\x16\x07" + bytes(100))
    assert [one.name for one in open_cohort(folder / "c").subjects] == ["sub-1", "sub-2"]
    return ()


def one_visit_without_mask(folder):
    names = ("sub-1_ses-1_FLAIR.png", "sub-1_ses-1_lesion.png", "sub-1_ses-2_FLAIR.png")
    return listed(open_cohort(cohort_of(folder / "c", *names))) and ()


def masks_that_differ(folder):
    cohort_of(folder / "c", SCAN, "sub-1_lesion.png")
    picture(folder / "c" / "sub-1_label-lesion_mask.png", 5)
    return listed(open_cohort(folder / "c")) and ()


CASES = [
    *(seen(f"a lesion mask called {name}", f"sub-1_{name}.png") for name in (
        "LESION", "lesions", "lesion_mask", "lesion-mask", "lesionmask", "label-lesion_mask", "label-L_mask",
        "desc-lesion_mask", "space-orig_label-lesion_mask", "FLAIR_lesion", "lesion_seg", "WMH", "label-WMH_mask")),
    *(seen(f"a brain mask called {name}", f"sub-1_{name}.png", expected=[("sub-1", True, True)])
      for name in ("BrainMask", "brain_mask", "desc-brain_mask", "label-brain_mask")),
    seen("upper-case names", "SUB-1_LESION.PNG"),
    InputCase("umlauts of macOS in one name, of Windows in the other", unicode_forms),
    seen("T1 and T2 of the same subject", "sub-1_T1w.png", "sub-1_acq-tse_T2w.png", expected=HEALTHY),
    *(refused(f"an image called {name}", SCAN, f"sub-1_{name}.png") for name in
      ("seg", "mask", "gt", "label-tumor_mask", "rater1", "ses-2_lesion", "manual", "roi_left")),
    refused("a lesion mask in a format that is not read", SCAN, "sub-1_lesion.nrrd"),
    refused("a mask of somebody without a scan", SCAN, "sub-2_lesion.png", words=ALONE),
    refused("a mask named before the subject", SCAN, "lesion_sub-1.png", words=ALONE),
    refused("zeros lost in the mask's name", "sub-01_FLAIR.png", "sub-1_lesion.png", words=ALONE),
    refused("a mask named so before the subject", SCAN, "gt_sub-1.png", words=ALONE),
    *(refused(f"a mask called {name}", SCAN, name, words=("calls a scan or a mask", "_lesion.nii.gz")) for name in (
        "sub-1_lesion.voi", "sub-1_lesion.mif.gz", "sub-1_lesion.npy", "sub-1_lesion", "sub-1_roi.nii.gz.part",
        ".sub-1_lesion.nii.gz.icloud")),
    *(refused(f"a mask called {name}, of nobody by its name", SCAN, name, words=ALONE) for name in (
        "LesionMask_sub-1.png", "lesionseg_1.png", "sub1lesionmask.png", "wml_sub-1.png", "Läsion_sub-1.png",
        "rater1_sub-1.png", "delineation_1.png", "sub-2_FLAIR_brain.png", "sub-2_T2FLAIR.png")),
    seen("the T1 of somebody without a FLAIR", "sub-2_T1w.png", expected=HEALTHY),
    *(refused(f"a scan as {name}", SCAN, name, words=("calls a scan or a mask",)) for name in (
        "sub-2_FLAIR.nii.bz2", "sub-2_FLAIR.nii.gz.part", ".sub-2_FLAIR.nii.gz.icloud")),
    refused("a scan in a format that cohorts do not have", SCAN, "sub-2_FLAIR.mgz", words=ALONE),
    *(refused(f"a mask called {name}", SCAN, name, words=ALONE) for name in (
        "lesionmask_sub-1_T1w.png", "sub-1_lesion_FLAIR.png", "mask_FLAIR.png", "lesion_sub-1_FLAIR.png")),
    *(refused(f"a mask called as another sequence: {name}", SCAN, name) for name in (
        "sub-1_label-lesion_T1w.png", "sub-1_space-T1w_desc-manualmask_T1w.png")),
    seen("a picture of nobody", "README.png", expected=HEALTHY),
    seen("a table of lesions", "sub-1_lesions.csv", expected=HEALTHY),
    *(refused(f"a mask within the cohort folder, as {name}", SCAN, name, words=BELOW) for name in (
        "lesion_masks/sub-1.png", "labelsTr/sub-1.png", "expert1/sub-1.png", "sub-1/anat/sub-1_lesion.png",
        "derivatives/lesions/sub-1/anat/sub-1.png", "more/gt_1.png", "LesionMasks/1.png", "Masken/1.png", "GTs/1.png",
        "manualsegmentation/1.png")),
    seen("another sequence within the cohort folder", "sub-1/anat/sub-1_T1w.png", expected=HEALTHY),
    InputCase("two lesion masks of one scan that differ", masks_that_differ, REFUSED, ("there twice",)),
    InputCase("two visits of a patient, one without a mask", one_visit_without_mask, REFUSED, ("lacks a lesion mask",)),
    InputCase("what macOS leaves beside pictures (._*)", mac_litter),
    InputCase("the same scan as .nii and .nii.gz", twice(None)),
    InputCase("two scans as .nii and .nii.gz of one name", twice(gzip.compress(b"another" * 99)), REFUSED, ("twice",)),
    InputCase("two masks packed in blocks (bgzip) that differ behind the first", twice(
        gzip.compress(b"the scan" * 50) + gzip.compress(b"another." * 49),
        ("sub-1_FLAIR.nii", "sub-1_FLAIR.nii.gz")), REFUSED, ("twice",)),
    InputCase("one scan plain and packed in blocks (bgzip)", twice(
        gzip.compress(b"the scan" * 50) + gzip.compress(b"the scan" * 49))),
    InputCase("a .nii.gz cut short beside the .nii", twice(gzip.compress(b"the scan" * 99)[:-5]), REFUSED, ("twice",)),
    InputCase("visits of a person in a split", visits),
    together("sessions, runs and acquisitions", ["sub-1_ses-1", "sub-1_ses-2", "sub-1_acq-a", "sub-10"],
             [{"sub-10"}, {"sub-1_ses-1", "sub-1_ses-2", "sub-1_acq-a"}]),
    *(together(f"visits as {one} and {two}", [f"p1_{one}", f"p1_{two}", f"p2_{one}"],
               [{f"p1_{one}", f"p1_{two}"}, {f"p2_{one}"}])
      for one, two in (("v1", "v2"), ("bl", "fu"), ("m00", "m12"), ("20190304", "20200305"), ("MR_d0129", "MR_d0757"))),
    together("visits without BIDS", ["anna_visit1", "anna_visit2", "bert_visit1"],
             [{"anna_visit1", "anna_visit2"}, {"bert_visit1"}]),
    refused("no scan at all", "notes.png", words=("holds no file named",)),
    refused("results of a detection", "sub-1_space-orig_desc-daeresidual_FLAIR.png", words=("holds no file named",)),
]  # fmt: skip
