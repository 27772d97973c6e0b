"""The scans that a browser brought: their names, one place each, and what goes when one is removed."""

import pytest

from pages.ui.inputs import own_scans as module
from pages.ui.inputs.own_scans import OwnScans, as_scan, renamed, title_of
from tests.support.dicom_files import series
from uad_core.preprocess.from_file import PrepareOptions


@pytest.fixture
def gone(monkeypatch):
    """Keys of the scans whose results were forgotten."""
    keys = []

    class Jobs:
        def forget_results(self, who, scan):
            keys.append(scan)

    monkeypatch.setattr(module, "jobs", Jobs)
    monkeypatch.setattr(module, "visitor", lambda: "ann")
    monkeypatch.setattr(module, "kept", dict)
    return keys


def brought(name="knee.nii.gz", data=b"knee"):
    return as_scan([name], [data])


@pytest.mark.parametrize(
    ("name", "title", "label"),
    [
        ("Mr Smith 1970.nii.gz", "Mr Smith 1970", "scan"),
        ("../../etc/sub-07_ses-2_FLAIR.NII.gz", "sub-07_ses-2_FLAIR", "07_ses-2"),
        ("C:\\scans\\head.tar.gz", "head", "scan"),
        ("a\u202egnp.nii", "agnp", "scan"),
        (".nii.gz", "scan", "scan"),
        ("x" * 5000, "x" * 60, "scan"),
    ],
)
def test_a_file_is_shown_by_its_name_and_names_results_where_it_is_bids_alone(name, title, label):
    scan = brought(name)
    assert (scan.title, scan.label) == (title, label)
    assert title_of(name) == title


def test_files_of_a_series_are_one_scan_without_what_lies_beside_them():
    names = ["IM1", ".DS_Store", "IM2"]
    scan = as_scan(names, [series()[0], b"x", series()[1]])
    assert (scan.title, scan.label, len(scan.source)) == ("DICOM series", "scan", 2)


@pytest.mark.parametrize(
    ("typed", "title", "label"),
    [
        ("Knee, 2nd visit", "Knee, 2nd visit", "Knee2ndvisit"),
        ("sub-09_ses-1", "sub-09_ses-1", "09_ses-1"),
        ("  ", "knee", "scan"),
        ("***", "***", "scan"),
    ],
)
def test_a_typed_name_names_the_results_too(typed, title, label):
    named = renamed(brought(), typed)
    assert (named.title, named.label) == (title, label)


def test_markdown_in_a_name_is_shown_as_it_is():
    assert brought("*a* :red[b].nii").heading == r"\*a\* \:red\[b\]"


def test_each_scan_has_its_place_and_the_same_file_again_is_the_one_that_is_there(gone):
    own = OwnScans()
    first, second = own.add(brought(data=b"1")), own.add(brought(data=b"2"))
    assert (first.number, second.number, own.latest) == (1, 2, 2)
    assert own.add(brought("other name.nii", b"1")) is first
    assert (len(own.scans), own.latest) == (2, 1)


def test_a_scan_that_takes_anothers_place_empties_it_and_removing_one_leaves_the_others(gone):
    own = OwnScans()
    first, second = own.add(brought(data=b"1")), own.add(brought(data=b"2"))
    changed = own.put(module.replace(first, prepare_options=PrepareOptions(strip=False)))
    assert (first.source, changed.source) == (b"", b"1")
    key = changed.key
    own.drop(changed.number)
    assert gone == [key]
    assert changed.source == b""
    assert (list(own.scans), own.latest, second.source) == ([2], 2, b"2")
    own.forget()
    assert (own.scans, second.source, second.title) == ({}, b"", "")


def test_what_another_tab_makes_of_a_scan_that_was_renamed_or_removed_meanwhile_loses_nothing(gone):
    own = OwnScans()
    seen_in_a_tab = own.add(brought())
    now = own.put(renamed(seen_in_a_tab, "left knee"))
    assert own.put(module.replace(seen_in_a_tab, prepare_options=PrepareOptions(strip=False))) is now
    assert (own.scans[1].source, own.scans[1].title) == (b"knee", "left knee")
    own.drop(1)
    own.put(renamed(now, "right knee"))
    assert own.scans == {}


def test_two_series_are_told_apart_by_their_names(gone):
    own = OwnScans()
    names = [own.add(as_scan(["a", "b"], [data, data + b"x"])).title for data in (b"1", b"2", b"3")]
    assert names == ["DICOM series", "DICOM series (2)", "DICOM series (3)"]
