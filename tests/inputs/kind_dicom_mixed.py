"""Slices of another scan among those of one series: told apart by what differs, or refused where it cannot be told."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.support.dicom_files import enhanced, head, oblique, series
from tests.support.input_case import NOTED, REFUSED
from tests.support.odd_dicom import COUNT, dicom_case, each, slices

KIND = "DICOM: slices that don't belong"
HALF = [k + 0.5 for k in range(COUNT)]
FULL = range(COUNT)
ACROSS = oblique()[:, [1, 2, 0, 3]]
SAID = {"InversionTime": 2500, "FlipAngle": 150, "BodyPartExamined": "HEAD"}
LOST = {
    "inversion time": lambda dataset: delattr(dataset, "InversionTime"),
    "flip angle": lambda dataset: delattr(dataset, "FlipAngle"),
    "body part": lambda dataset: delattr(dataset, "BodyPartExamined"),
    "description": lambda dataset: delattr(dataset, "SeriesDescription"),
}
FLAIR = {"ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"]}


def beside(places=HALF, own=None, **fields):
    """The FLAIR, with other slices under its SeriesInstanceUID; `own`: further elements of the FLAIR."""
    return lambda folder: series(**(own or {})) + slices(places, 1, **fields)


def blank(places=HALF, **fields):
    return lambda folder: series(SeriesInstanceUID="") + slices(places, 1, SeriesInstanceUID="", **fields)


def one_other(k, **fields):
    """The FLAIR with another slice in place of slice `k`."""
    return lambda folder: [data if n != k else slices([k], 1, **fields)[0] for n, data in enumerate(series())]


def two_contrasts(folder):
    """A head as FLAIR and as T2, one between the other, without a word on thickness."""
    rows, columns = np.mgrid[:10, :12]
    head_of = np.hypot(rows - 4.5, columns - 5.5)[..., None] + 0.02 * np.arange(2 * COUNT)
    flair, t2 = 900 - 100 * head_of, 100 + 100 * head_of
    mixed = np.where(np.arange(2 * COUNT) % 2, flair, t2) + np.random.default_rng(0).normal(0, 20, head_of.shape)
    return series(np.clip(mixed, 0, 2000).astype(np.uint16).transpose(1, 0, 2), SliceThickness=None)


def of_two_acquisitions(folder):
    """One scan, its slices acquired in two passes."""
    return each(lambda dataset, k: setattr(dataset, "AcquisitionNumber", k % 2 + 1))


def repeated(**fields):
    return lambda folder: series(AcquisitionNumber=1) + slices(FULL, 1, **fields)


def canon(folder):
    return each(lambda dataset, k: setattr(dataset, "SeriesInstanceUID", f"1.2.8.{k + 1}"))


def canon_and_another(folder):
    other = slices(FULL, 1, SeriesDescription="t1 se")
    return canon(folder) + each(lambda dataset, k: setattr(dataset, "SeriesInstanceUID", f"1.2.9.{k + 1}"), other)


def echoes_in_one_file(folder):
    """An enhanced image whose frames are FLAIR and T2, slice by slice."""
    other = head(seed=1)
    both = np.stack([head(), other], axis=3).reshape(*head().shape[:2], -1)

    def stacked(dataset, k):
        for n, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
            group.PlanePositionSequence[0].ImagePositionPatient = places[n // 2]
            group.PixelValueTransformationSequence[0].RescaleSlope = "1"
            group.PixelValueTransformationSequence[0].RescaleIntercept = "0"
            kind = Dataset()
            kind.FrameType = ["ORIGINAL", "PRIMARY", "M" if n % 2 == 0 else "P", "IR"]
            group.MRImageFrameTypeSequence = [kind]

    places = [list(frame.ImagePositionPatient) for frame in (dcmread(BytesIO(data)) for data in series())]
    return each(stacked, [enhanced(both, oblique(), range(2 * COUNT))])


def last(**fields):
    """The FLAIR, its last slice changed."""
    return lambda folder: [*series()[:-1], series(**fields)[-1]]


def stranger(**fields):
    """A screenshot of another series that tries to say where it lies."""
    return series(SeriesInstanceUID="1.2.66", Modality="OT", SOPClassUID="1.2.840.10008.5.1.4.1.1.7", **fields)[:1]


def written(**fields):
    """The FLAIR with elements as no writer would write them."""
    ((keyword, text),) = fields.items()
    placeholder = "7" * len(text)
    return [data.replace(placeholder.encode(), text.encode(), 1) for data in series(**{keyword: placeholder})]


def taken(tried, make):
    return dicom_case(tried, make, NOTED, ["Of 2 series number", "taken"])


def refused(tried, make, *words):
    return dicom_case(tried, make, REFUSED, words)


DIFFER = "differ from the others"
ALONE, PATIENTS = "results come as NIfTI only", "several patients"
DERIVED, PHASE = ["DERIVED", "PRIMARY", "RMS"], ["ORIGINAL", "PRIMARY", "P", "ND"]
T2_TSE = {"EchoTime": 90, "SeriesDescription": "head"}

CASES = [
    *(dicom_case(f"{what} lost in every second slice", lambda folder, lost=lost: each(
        lambda dataset, k: lost(dataset) if k % 2 else None, series(**SAID)))
      for what, lost in LOST.items()),
    dicom_case("the slice's number in the protocol's name", lambda folder: each(
        lambda dataset, k: setattr(dataset, "ProtocolName", f"flair {k}"))),
    dicom_case("another patient's number and name in every file, of one series", lambda folder: each(
        lambda dataset, k: (setattr(dataset, "PatientID", f"x{k}"), setattr(dataset, "PatientName", chr(97 + k)))),
        NOTED, [ALONE]),
    dicom_case("dates moved file by file, some of them to one day", lambda folder: each(
        lambda dataset, k: setattr(dataset, "StudyDate", f"201{k % 8}0102")), NOTED, [ALONE]),
    refused("two patients, slice by slice, under one UID", lambda folder: each(
        lambda dataset, k: setattr(dataset, "PatientID", f"x{k % 2}")), PATIENTS),
    refused("two patients in three files under one UID", lambda folder: each(
        lambda dataset, k: setattr(dataset, "PatientID", f"x{k // 2}"), series(head((12, 10, 3)))), PATIENTS),
    refused("every second slice derived", lambda folder: each(
        lambda dataset, k: setattr(dataset, "ImageType", DERIVED if k % 2 else FLAIR["ImageType"])), "differ from"),
    refused("every second slice after an agent", lambda folder: each(
        lambda dataset, k: setattr(dataset, "ContrastBolusAgent", "yes" if k % 2 else "")), "differ from"),
    taken("derived RMS images between the slices", beside(own=FLAIR, ImageType=DERIVED)),
    taken("derived images in the same places", beside(FULL, FLAIR, ImageType=["DERIVED", "PRIMARY", "MEAN"])),
    taken("phase images in the same places", beside(FULL, FLAIR, ImageType=PHASE)),
    taken("phase by ComplexImageComponent", beside(FULL, ComplexImageComponent="PHASE")),
    taken("UIDs blanked: T2 between the slices", blank(SeriesDescription="T2 TSE")),
    taken("UIDs blanked: T1 in the same places", blank(FULL, SeriesDescription="t1 mprage")),
    taken("UIDs blanked: a sagittal series", lambda folder: series(SeriesInstanceUID="") + series(
        affine=ACROSS, SeriesInstanceUID="", SeriesDescription="t1 sag")),
    taken("a T2 that differs in its inversion time", beside(own=T2_TSE | {"InversionTime": 2500}, **T2_TSE)),
    taken("a second echo that is too short for T2", beside(FULL, {"EchoTime": 90}, EchoTime=12)),
    taken("magnitude and phase as frames of one enhanced image", echoes_in_one_file),
    taken("one SeriesInstanceUID a slice, and a T1 likewise", canon_and_another),
    refused("two scans that differ in no element", beside(), "thick", "two scans were mixed"),
    refused("two scans that do not even say how thick they are", two_contrasts, "Every second slice looks"),
    refused("UIDs blanked, and nothing else differs", blank(), "two scans were mixed"),
    refused("UIDs blanked, in the same places", blank(FULL), "same place"),
    refused("two acquisitions, one between the other",
            beside(own={"AcquisitionNumber": 1}, AcquisitionNumber=2), "2 of them are equally good"),
    refused("two repetitions, by acquisition", repeated(AcquisitionNumber=2), "equally good"),
    refused("two stacks, one between the other, by the time they were acquired",
            beside(own={"AcquisitionTime": "101010"}, AcquisitionTime="102020"), "equally good"),
    refused("two stacks, one between the other, by their frames of reference",
            beside(FrameOfReferenceUID="1.2.7"), "equally good"),
    refused("two repetitions, by temporal position",
            beside(FULL, {"TemporalPositionIdentifier": 1}, TemporalPositionIdentifier=2), "equally good"),
    refused("one slice that is called otherwise, in the middle", one_other(3, SeriesDescription="t1"), "missing"),
    refused("one slice that is called otherwise, at the end", one_other(7, SeriesDescription="t1"), DIFFER),
    refused("one slice of another image type, at the end", one_other(7, ImageType=DERIVED), DIFFER),
    refused("two slices of another echo time, at the end",
            lambda folder: series()[:6] + slices([6, 7], 1, EchoTime=99), "continues another"),
    refused("two slices of a T1's echo time, at the end",
            lambda folder: series()[:6] + slices([6, 7], 1, EchoTime=9), DIFFER),
    refused("one slice of another patient's", one_other(7, PatientID="CANARY8"), "several patients"),
    refused("one slice under another name", one_other(7, PatientName="CANARY^OTHER"), DIFFER),
    refused("one slice of another size", lambda folder: [*series()[:7], series(head((12, 11, 8)))[7]], DIFFER),
    refused("one slice across the others", lambda folder: [*series()[:7], series(affine=ACROSS)[7]], DIFFER),
    dicom_case("two repetitions, of which one is picked", lambda folder: slices(FULL, 1, TemporalPositionIdentifier=2)
               + series(TemporalPositionIdentifier=1, SeriesNumber=2), NOTED, ["was picked"], picked=1),
    dicom_case("one scan acquired in two passes", of_two_acquisitions),
    dicom_case("one SeriesInstanceUID a slice (Canon)", canon, NOTED, ["NIfTI only"]),
    dicom_case("echo times written with other digits", lambda folder: each(
        lambda dataset, k: setattr(dataset, "EchoTime", f"{90 + k / 1000:.3f}"))),
    dicom_case("every slice twice", lambda folder: series() + series()),
    dicom_case("every slice twice, written anew by an archive", lambda folder: series() + each(
        lambda dataset, k: setattr(dataset, "InstanceCreationTime", "101010")), NOTED, ["8 images are there twice"]),
    dicom_case("one slice twice, under another identifier", lambda folder: series() + each(
        lambda dataset, k: setattr(dataset, "SOPInstanceUID", "1.2.77"))[3:4], NOTED, ["1 image is there twice"]),
    *(refused(f"the last slice {what}", last(**odd), DIFFER) for what, odd in (
        ("without a SeriesInstanceUID", {"SeriesInstanceUID": ""}),
        ("under another SeriesInstanceUID", {"SeriesInstanceUID": "1.2.99"}),
        ("of another series and description", {"SeriesInstanceUID": "1.2.99", "SeriesDescription": "flair"}),
        ("that names neither series nor modality", {"SeriesInstanceUID": "", "Modality": ""}))),
    refused("the last slice without a series and a place", last(SeriesInstanceUID="", ImagePositionPatient=None),
            "don't say where they lie"),
    *(refused(f"a scale lost in {what}", lambda folder, ks=ks: each(
        lambda dataset, k: k in ks and delattr(dataset, "RescaleSlope"), series(RescaleSlope="2")), "damaged")
      for what, ks in (("every second slice", (1, 3, 5, 7)), ("one slice", (2,)))),
    *(dicom_case(f"beside {what}", lambda folder, odd=odd: series() + stranger(**odd), NOTED, ["no MR image"])
      for what, odd in (
        ("a screenshot that lies nowhere", {"ImagePositionPatient": ""}),
        ("a screenshot without pixel sizes", {"PixelSpacing": None}),
        ("a screenshot without directions", {"ImageOrientationPatient": None}))),
    dicom_case("slice thickness with a comma", lambda folder: written(SliceThickness="3,0")),
    dicom_case("a distance of slices that is no number", lambda folder: written(SpacingBetweenSlices="n/a")),
    refused("mosaics of many slices", lambda folder: series(ImageType=["ORIGINAL", "PRIMARY", "MOSAIC"]), "mosaic"),
    dicom_case("slices of 1 mm that lie 3 mm apart", lambda folder: series(SliceThickness="1"), NOTED,
               ["what lies between was not seen"]),
    dicom_case("grey in lower-case letters", lambda folder: series(PhotometricInterpretation="monochrome2")),
]  # fmt: skip
