"""A series out of a PACS, and its results back into the same study, by DICOMweb (DICOM PS3.18)."""

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from uad_core.detect.from_file import Detection
from uad_core.io.read_scan import series_in
from uad_core.io.volume import ScanError

LOGIN = "UAD_DICOMWEB_LOGIN"  # user:password, in the environment: a command line can be read by all on the machine
NO_ANSWER = "The PACS does not answer there, or refuses. Check the address, the login and the UIDs."
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class PacsSeries:
    """Where a series lies."""

    url: str  # of the DICOMweb service
    study: str  # UIDs
    series: str


def fetch_flair(place: PacsSeries) -> list[bytes]:
    """The files of a series. Raises ScanError: `pacs` where it cannot be had; `not_flair` where its header says none.

    What goes back into a patient's study unseen has to be right: a header that is silent will not do either.
    """
    datasets = _asked(lambda client: client.retrieve_series(place.study, place.series), place)
    files = []
    for dataset in datasets:
        buffer = io.BytesIO()
        dataset.save_as(buffer, enforce_file_format=True)
        files.append(buffer.getvalue())
    if not files:
        raise ScanError("pacs", "The PACS holds no such series. Check the UIDs.")
    listed = series_in(files)
    if not any(one.chosen and one.is_flair for one in listed):
        why = "; ".join(one.reason for one in listed)
        raise ScanError("not_flair", f"Left alone, since by its header the series is no FLAIR of the head ({why}).")
    return files


def store_results(place: PacsSeries, found: Detection) -> str:
    """Send the SEG and a structured report back; a sentence on it. Raises ScanError (`pacs`)."""
    from pydicom import dcmread

    from uad_core.doors.dicom_summary import encode_summary

    masks = [path for path in found.files if path.suffix == ".dcm"]
    if not masks:
        raise ScanError("pacs", "The series lacks what a DICOM SEG has to refer to, so that nothing was sent back.")
    mask = dcmread(masks[0])
    summary = dcmread(io.BytesIO(encode_summary(mask, found)))
    _asked(lambda client: client.store_instances([mask, summary], place.study), place)
    return "Mask (SEG) and summary (SR) were sent to the PACS, each as a new series of the study."


def _asked(question: Callable[[Any], Answer], place: PacsSeries) -> Answer:
    """The answer of the server."""
    try:
        from dicomweb_client.api import DICOMwebClient
        from requests import Session
        from requests.exceptions import RequestException
    except ImportError:
        raise ScanError("pacs", "Packages are missing: pip install -r requirements-pacs.txt.") from None
    session = Session()
    session.trust_env = False  # no login out of a file of the user's, and no proxy
    if login := os.environ.get(LOGIN):
        user, _, password = login.partition(":")
        session.auth = (user, password)
    try:
        return question(DICOMwebClient(place.url, session=session))
    except (RequestException, ValueError, OSError, KeyError):
        raise ScanError("pacs", NO_ANSWER) from None
