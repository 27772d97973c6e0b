"""Which of the images in an upload are the scan."""

from collections import defaultdict
from collections.abc import Sequence

from uad_core.io.dicom.headers import Image
from uad_core.io.volume import ScanError

MIN_SLICES = 2  # a single slice has no third dimension


def pick_series(images: Sequence[Image], others: int) -> tuple[list[Image], tuple[str, ...]]:
    """The images of the one series that is the scan, and notes on what was left aside.

    Several series are several scans, which only the user can choose from; but where some say that they are FLAIR, the
    one of most slices is meant: a study is handed in as a whole, and its small ones are previews. Snapshots, that is
    colour images and single ones, don't count as long as there is something else. `others`: files of the upload that
    are no DICOM images. Raises ScanError: no_image, not_mr, several_patients, several_series.
    """
    if not images:
        none = "There is no DICOM image in the upload."
        raise ScanError("no_image", f"{none} Give the files of one MR series, or a zip of them.")
    resonance = [image for image in images if image.modality == "MR"]
    if not resonance:
        raise ScanError("not_mr", "The images are not MR. Give a FLAIR series of an MR scanner.")
    if len({image.patient for image in resonance}) > 1:
        raise ScanError("several_patients", "The upload holds images of several patients. Give one series of one.")
    series: dict[str, list[Image]] = defaultdict(list)
    for image in resonance:
        series[image.series].append(image)
    stacks = [s for s in series.values() if all(image.grey for image in s) and _slices(s) >= MIN_SLICES]
    scans = stacks or list(series.values())
    notes = []
    if aside := others + len(images) - len(resonance):
        counted = "1 file of the upload is" if aside == 1 else f"{aside} files of the upload are"
        notes.append(f"{counted} no MR image and not used.")
    if len(scans) > 1:
        flair = sorted((members for members in scans if all(image.flair for image in members)), key=_slices)
        if not flair or (len(flair) > 1 and _slices(flair[-1]) == _slices(flair[-2])):
            unclear = f"The upload holds {len(scans)} series, and which of them is the FLAIR is not clear."
            raise ScanError("several_series", f"{unclear} Give one series.")
        notes.append(f"Of {len(scans)} series the one that says FLAIR was taken: {_slices(flair[-1])} slices.")
        return flair[-1], tuple(notes)
    return scans[0], tuple(notes)


def _slices(members: Sequence[Image]) -> int:
    return sum(len(image.frames) for image in members)
