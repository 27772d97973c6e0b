"""What a DICOM SEG has to repeat from its series, or point to; and nothing else that stands in the headers."""

from collections.abc import Sequence

from pydicom.config import RAISE
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.uid import UID, EnhancedMRImageStorage, LegacyConvertedEnhancedMRImageStorage, MRImageStorage
from pydicom.valuerep import format_number_as_ds, validate_value

from uad_core.io.dicom.frames import Frame

KINDS = (MRImageStorage, EnhancedMRImageStorage, LegacyConvertedEnhancedMRImageStorage)
UIDS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
TEXTS = (  # with which a SEG belongs to its patient and study; by the standard they are there, but may be empty
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex",
    "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName",
)  # fmt: skip
WHO = ("PatientName", "PatientID", "StudyDate")  # a SEG says them once


def identifiers(header: Dataset, frames: Sequence[Frame]) -> Dataset:
    """A bare dataset with the identifiers of `header` and the places of its `frames`.

    Text is left empty where it breaks DICOM's rules, which a SEG could not repeat. Raises anything if an element is
    broken.
    """
    bare = Dataset()
    bare.SpecificCharacterSet = "ISO_IR 192"  # UTF-8
    for keyword in UIDS:
        if header.get(keyword):
            setattr(bare, keyword, UID(str(header.get(keyword))))
    for keyword in TEXTS:
        text = str(header.get(keyword) or "")
        try:
            validate_value(dictionary_VR(keyword), text, RAISE)
        except ValueError:
            text = ""
        setattr(bare, keyword, text)
    if bare.PatientSex not in ("M", "F", "O"):
        bare.PatientSex = ""
    bare.Modality, bare.Rows, bare.Columns = "MR", int(header.Rows), int(header.Columns)
    if "PerFrameFunctionalGroupsSequence" not in header:
        for frame in frames:
            for part in _place(frame).values():
                bare.update(part)
        return bare
    bare.NumberOfFrames = len(frames)
    bare.SharedFunctionalGroupsSequence = [_groups(frames[0], "PlaneOrientationSequence", "PixelMeasuresSequence")]
    bare.PerFrameFunctionalGroupsSequence = [_groups(frame, "PlanePositionSequence") for frame in frames]
    return bare


def complete(series: Sequence[Dataset], slice_mm: float) -> None:
    """Write what a SEG states once, and so expects to be the same and to be there, into the `series` of a volume.

    Orientation and voxel size may differ in the last digits; those of the first image count, as they do for the volume.
    Where no slice thickness is stated, the distance `slice_mm` of the slices stands for it.
    """
    for dataset in series:
        many = "NumberOfFrames" in dataset
        measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0] if many else dataset
        if not measures.SliceThickness:
            measures.SliceThickness = format_number_as_ds(slice_mm)
        if not many:
            dataset.ImageOrientationPatient = series[0].ImageOrientationPatient
            dataset.PixelSpacing, dataset.SliceThickness = series[0].PixelSpacing, series[0].SliceThickness


def can_be_referred_to(series: Sequence[Dataset]) -> bool:
    """Whether the identifiers of a series' images are all that a SEG needs, and distinct."""
    uids = [[UID(str(dataset.get(keyword, ""))) for keyword in UIDS] for dataset in series]
    valid = all(uid.is_valid for row in uids for uid in row) and all(row[0] in KINDS for row in uids)
    one_series = len({tuple(row[2:]) for row in uids}) == 1
    one_person = len({tuple(str(dataset.get(keyword)) for keyword in WHO) for dataset in series}) == 1
    distinct = len({row[1] for row in uids}) == len(uids)
    # A SEG refers to images of one slice each, or to one image of many frames.
    one_kind = len(series) == 1 or not any("NumberOfFrames" in dataset for dataset in series)
    return valid and one_series and one_person and distinct and one_kind


def _place(frame: Frame) -> dict[str, Dataset]:
    """Where a frame lies, under the names of the groups that an image of many frames keeps it in."""
    position, orientation, measures = Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = _written(frame.position)
    orientation.ImageOrientationPatient = _written(frame.orientation)
    measures.PixelSpacing = _written(frame.spacing)
    measures.SliceThickness = format_number_as_ds(frame.thickness)
    names = "PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence"
    return dict(zip(names, (position, orientation, measures), strict=True))


def _groups(frame: Frame, *names: str) -> Dataset:
    groups = Dataset()
    for name in names:
        setattr(groups, name, [_place(frame)[name]])
    return groups


def _written(numbers: Sequence[float]) -> list[str]:
    """As decimal strings of 16 characters at most, which is all that DICOM allows."""
    return [format_number_as_ds(number) for number in numbers]
