"""Read a scan: NIfTI or DICOM, a path or bytes, distinguished by content and never by a name."""

from collections.abc import Sequence
from pathlib import Path

from uad_core.io.dicom import SeriesEntry, list_series, read_dicom
from uad_core.io.dicom.container import Upload, from_files, from_folder
from uad_core.io.dicom.file_meta import HEAD_BYTES, is_dicom
from uad_core.io.nifti import read_nifti
from uad_core.io.nifti.container import as_archive, read_source
from uad_core.io.volume import ScanError, Volume

ScanSource = Path | bytes | Sequence[bytes]


def read_scan(source: ScanSource, series: int | None = None) -> Volume:
    """The scan in what a user brings; of DICOM a `DicomScan`, on which `export` writes a DICOM SEG as well.

    `source`: a NIfTI file, a zip archive of a DICOM series, or a DICOM file of many frames, as a path or as bytes; a
    folder of a DICOM series, also with folders in it; or the bytes of its files. `series`: of several in it the number
    of the one to read, as in `series_in`. Raises ScanError: the codes of both packages.
    """
    upload = _upload(source)
    if upload is not None:
        return read_dicom(upload, series)
    if series is not None:
        raise ScanError("no_such_series", "The scan is no DICOM, so there is no series to pick. Leave the number out.")
    return read_nifti(source if isinstance(source, (Path, bytes)) else source[0])


def series_in(source: ScanSource, series: int | None = None) -> tuple[SeriesEntry, ...]:
    """The series of what a user brings, the one that `read_scan` takes marked; none of NIfTI. Raises ScanError."""
    upload = _upload(source)
    return () if upload is None else list_series(upload, series)


def _upload(source: ScanSource) -> Upload | None:
    """The DICOM files in a source; None for any other file, and for an archive of one. Raises ScanError."""
    if isinstance(source, Path):
        try:
            folder = source.is_dir()
        except (OSError, ValueError):  # no possible name: read_nifti has a sentence for it
            return None
        if folder:
            return from_folder(source)
    elif not isinstance(source, bytes):
        return _upload(source[0]) if len(source) == 1 else from_files(source)
    data = read_source(source)
    if is_dicom(data[:HEAD_BYTES]):
        return from_files([data])
    if as_archive(data) is None:
        return None
    upload = from_files([data])
    return None if upload.images and not upload.found else upload
