"""Slices that are not there, or not seen: a series is whole, or refused with what is missing."""

from __future__ import annotations

import gzip
import io

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet

from tests.support.dicom_files import enhanced, head, oblique, series, zipped
from tests.support.input_case import NOTED, REFUSED
from tests.support.nifti_files import gz, nifti
from tests.support.odd_dicom import COUNT, dicom_case, each, saved, slices
from uad_core.io.dicom.file_meta import PREAMBLE

KIND = "DICOM: slices that vanish"
ALL = "all files of the series"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 1000\n"


def bare(files, ks=range(COUNT)):
    """The files `ks` without preamble and DICM."""
    return [data[len(PREAMBLE) :] if k in ks else data for k, data in enumerate(files)]


def without_meta(files, ks=range(COUNT)):
    """The files `ks` as plain data sets."""
    return [data[data.index(b"\x08\x00\x16\x00UI") :] if k in ks else data for k, data in enumerate(files)]


def emptied(content):
    return lambda folder: saved(folder / "series", [*series()[:-2], content, content])


def dangling(folder):
    saved(folder / "series", series()[:-1])
    (folder / "series" / "007.dcm").symlink_to("/nowhere/annex/objects/CANARY")
    return folder / "series"


def linked_folder(folder):
    saved(folder / "elsewhere", series()[4:])
    saved(folder / "series", series()[:4], "a{:03d}")
    (folder / "series" / "more").symlink_to(folder / "elsewhere")
    return folder / "series"


def circle(folder):
    (saved(folder / "series", series()) / "again").symlink_to(folder / "series")
    return folder / "series"


def linked_files(folder):
    saved(folder / "store", series(), "{:03d}")
    (folder / "series").mkdir()
    for path in (folder / "store").iterdir():
        (folder / "series" / path.name).symlink_to(path)
    return folder / "series"


def hidden(folder):
    saved(folder / "series", series())
    (folder / "series" / "._000.dcm").write_bytes(b"\0\5\x16\7" + bytes(200))
    return folder / "series"


def beside(name, content=b""):
    def make(folder):
        (saved(folder / "series", series()) / name).write_bytes(content)
        return folder / "series"

    return make


def philips(dataset: Dataset, k: int):
    dataset.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x18, "SL", COUNT)


def gem(dataset: Dataset, k: int):
    dataset.private_block(0x0021, "GEMS_RELA_01", create=True).add_new(0x4F, "SS", COUNT)


def siemens(dataset: Dataset, k: int):
    protocol = f"ASCCONV BEGIN\nsSliceArray.lSize\t=\t{COUNT}\nsSliceArray.lConc = 1\n".encode()
    dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x20, "OB", protocol)


def private(group, creator, element, vr, value, block=0x10):
    """Every file has that private element, in the block that the creator has taken."""

    def change(dataset: Dataset, k: int):
        for number in range(0x10, block):
            dataset.add_new((group, number), "LO", "SOMEBODY ELSE")
        dataset.private_block(group, creator, create=True).add_new(element, vr, value)

    return each(change)


def part_of_two(folder):
    """The first file of an enhanced scan that is spread over two."""
    return [enhanced(head()[:, :, :5], oblique(), range(5), ConcatenationUID="1.2.5", InConcatenationNumber=1,
                     InConcatenationTotalNumber=2)]  # fmt: skip


def from_the_third(folder):
    """An enhanced scan without its first two frames, numbered in its stack."""

    def number(dataset: Dataset, k: int):
        for n, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
            content = Dataset()
            content.StackID, content.InStackPositionNumber = "1", n + 3
            group.FrameContentSequence = [content]

    return each(number, [enhanced(head(), oblique(), range(2, COUNT))])


def catalogue(folder):
    """A folder of a CD, with the catalogue that a real writer makes."""
    files = FileSet()
    for data in series():
        files.add(dcmread(io.BytesIO(data)))
    files.write(folder / "cd")
    return folder / "cd"


def both_parts(folder):
    """Magnitude and phase under one SeriesInstanceUID, the last slice of both gone."""
    return [data for kind in ("M", "P") for data in each(philips, series(ImageType=["ORIGINAL", "PRIMARY", kind]))[:-1]]


PROTOCOL = f"ASCCONV BEGIN\nsSliceArray.lSize = {COUNT:#x}\n".encode()
COUNTED = {
    "GE's number of images": (0x0025, "GEMS_SERS_01", 0x07, "SL", COUNT),
    "GE's number of locations, in block 11": (0x0021, "GEMS_RELA_01", 0x4F, "SS", COUNT, 0x11),
    "Philips' number of slices, in block 12": (0x2001, "Philips Imaging DD 001", 0x18, "SL", COUNT, 0x12),
    "Siemens' protocol, in hexadecimals": (0x0029, "SIEMENS CSA HEADER", 0x20, "OB", PROTOCOL),
    "Siemens' protocol of XA": (0x0021, "SIEMENS MR SDS 01", 0x19, "OB", PROTOCOL, 0x11),
}
CASES = [
    *(dicom_case(f"the last slice missing, {what} says so", lambda folder, said=said: private(*said)[:-1], REFUSED,
                 ["8 slices"]) for what, said in COUNTED.items()),
    *(dicom_case(f"96 at the place of {what}, of another creator", lambda folder, where=where: private(*where))
      for what, where in (("Philips' count", (0x2001, "SOMEBODY", 0x18, "SL", 96)),
                          ("GE's count", (0x0021, "SOMEBODY", 0x4F, "SS", 96)))),
    dicom_case("the last slice missing of magnitude and phase alike, Philips' count says so", both_parts, REFUSED,
               ["8 slices", "only 7"]),
    dicom_case("computed, with its source's count of 176", lambda folder: series(
        ImageType=["DERIVED", "SECONDARY", "REFORMATTED"], ImagesInAcquisition=176)),
    dicom_case("every slice twice, and the archive counts 16", lambda folder: series(
        NumberOfSeriesRelatedInstances=16) + each(lambda dataset, k: setattr(dataset, "InstanceCreationTime", "101010"),
        series(NumberOfSeriesRelatedInstances=16)), NOTED, ["8 images are there twice"]),
    dicom_case("one of two files of an enhanced scan", part_of_two, REFUSED, ["spread over 2 files", ALL]),
    dicom_case("an enhanced scan without its first frames", from_the_third, REFUSED, ["with its slice number 3"]),
    dicom_case("a CD with its catalogue (DICOMDIR)", catalogue),
    dicom_case("no file has preamble and DICM", lambda folder: bare(series())),
    dicom_case("the first two and the last file lack preamble and DICM", lambda folder: bare(series(), (0, 1, 7))),
    dicom_case("the same in a folder", lambda folder: saved(folder / "series", bare(series(), (0, 1, 7)))),
    dicom_case("the same in a zip", lambda folder: zipped(bare(series(), (0, 1, 7)))),
    dicom_case("DICM without the preamble", lambda folder: [data[128:] for data in series()]),
    dicom_case("no file has preamble or meta information", lambda folder: without_meta(series())),
    dicom_case("one file has neither preamble nor meta information", lambda folder: without_meta(series(), (3,))),
    dicom_case("a preamble, but no meta information", lambda folder: [PREAMBLE + d for d in without_meta(series())]),
    dicom_case("the last two files are empty", emptied(b""), REFUSED, ["2 files", "no content"]),
    dicom_case("an empty file among those of an upload", lambda folder: [*series()[:-1], b""], REFUSED, ["no content"]),
    dicom_case("an empty file in a zip", lambda folder: zipped([*series()[:-1], b""]), REFUSED, ["no content"]),
    dicom_case("the last two files hold zeros only", emptied(bytes(3000)), REFUSED, ["2 files", "no content"]),
    dicom_case("the last two files are pointers of Git LFS", emptied(LFS), REFUSED, ["never fetched"]),
    dicom_case("the last two .dcm files hold something else", emptied(b"<html>404</html>"), REFUSED, ["2 files"]),
    dicom_case("a link to data that were never fetched", dangling, REFUSED, ["1 file", "never fetched"]),
    dicom_case("half of the slices in a folder behind a link", linked_folder),
    dicom_case("a link that leads in a circle", circle),
    dicom_case("every file a link", linked_files),
    dicom_case("two files gzipped on their own",
               lambda folder: saved(folder / "s", [*series()[:-2], *map(gzip.compress, series()[-2:])])),
    dicom_case("every file gzipped on its own, in a zip", lambda folder: zipped(map(gzip.compress, series()))),
    dicom_case("a folder of NIfTI", lambda folder: saved(folder / "s", [gz(nifti())], "{}.nii.gz"), REFUSED,
               ["image of another kind", "that file itself"]),
    dicom_case("a hidden file that is a slice", lambda folder: saved(folder / "s", series(), ".{}")),
    dicom_case("a damaged gzip file beside the slices", beside("more.gz", gz(b"text")[:15]), REFUSED, ["incomplete"]),
    dicom_case("a companion of macOS beside the slices", hidden, NOTED, ["1 file of the upload is no MR image"]),
    dicom_case("an empty text file beside the slices", beside("notes.txt"), NOTED, ["no MR image"]),
    dicom_case("a read-me beside the slices", beside("README", b"CANARY"), NOTED, ["no MR image"]),
    dicom_case("the last slice missing, ImagesInAcquisition says so",
               lambda folder: series(ImagesInAcquisition=COUNT)[:-1], REFUSED, ["8 slices", "only 7", ALL]),
    dicom_case("the first slice missing, ImagesInAcquisition says so",
               lambda folder: series(ImagesInAcquisition=COUNT)[1:], REFUSED, ["8 slices", "only 7"]),
    dicom_case("the last half missing, ImagesInAcquisition says so",
               lambda folder: series(ImagesInAcquisition=COUNT)[:4], REFUSED, ["8 slices", "only 4"]),
    dicom_case("the last slice missing, NumberOfSlices says so",
               lambda folder: series(NumberOfSlices=COUNT)[:-1], REFUSED, ["8 slices"]),
    dicom_case("the last slice missing, the archive's count of the series says so",
               lambda folder: series(NumberOfSeriesRelatedInstances=COUNT)[:-1], REFUSED, ["8 slices"]),
    dicom_case("the last slice missing, Philips' count says so",
               lambda folder: each(philips)[:-1], REFUSED, ["8 slices"]),
    dicom_case("the last slice missing, Siemens' protocol says so",
               lambda folder: each(siemens)[:-1], REFUSED, ["8 slices"]),
    dicom_case("a whole series with counts of all makers", lambda folder: each(
        lambda dataset, k: [say(dataset, k) for say in (siemens, philips, gem)])),
    dicom_case("the last slice missing, GE's count says so", lambda folder: each(gem)[:-1], REFUSED, ["8 slices"]),
    dicom_case("the first slice missing, by the numbers of the images",
               lambda folder: series()[1:], REFUSED, ["number 1 is missing"]),
    dicom_case("a slice in the middle missing", lambda folder: series()[:3] + series()[4:], REFUSED, ["A slice is"]),
    dicom_case("every second slice missing, SpacingBetweenSlices says so",
               lambda folder: series(SpacingBetweenSlices=3)[::2], REFUSED, ["6.0 mm apart", "3.0 mm"]),
    dicom_case("every second slice missing, by the numbers of the images",
               lambda folder: series()[::2], REFUSED, ["Every second slice"]),
    dicom_case("SpacingBetweenSlices holds the gap",
               lambda folder: series(SpacingBetweenSlices=0.3, SliceThickness=2.7)),
    dicom_case("a slice that does not say where it lies",
               lambda folder: [*series()[:-1], series(ImagePositionPatient=None)[-1]], REFUSED, ["where they lie"]),
    dicom_case("the last file cut short", lambda folder: [*series()[:-1], series()[-1][:-50]], REFUSED, ["incomplete"]),
    dicom_case("the last file cut in its header",
               lambda folder: [*series()[:-1], series()[-1][:700]], REFUSED, ["damaged"]),
    dicom_case("the last slice of another modality",
               lambda folder: [*series()[:-1], series(Modality="OT")[-1]]),
    dicom_case("images numbered from 2, whole by the header's own count", lambda folder: each(
        lambda d, k: (setattr(d, "InstanceNumber", 2 + k), setattr(d, "ImagesInAcquisition", COUNT)))),
    dicom_case("images numbered from 101", lambda folder: each(lambda d, k: setattr(d, "InstanceNumber", 101 + k))),
    dicom_case("files in another order, under other names",
               lambda folder: saved(folder / "series", series()[::-1], "IM{:d}")),
    dicom_case("only the first slice", lambda folder: series()[:1], REFUSED, ["only one slice"]),
    dicom_case("slices that lie where the header says", lambda folder: slices(range(COUNT), SpacingBetweenSlices=3)),
]  # fmt: skip
