"""Slices that are not there, or not seen."""

from __future__ import annotations

from tests.support.dicom_files import series
from tests.support.input_case import InputCase, same_scan
from uad_core.io.read_scan import read_scan

KIND = "DICOM: slices that vanish"


def whole(folder):
    return same_scan(read_scan(series()), read_scan(series()[::-1]))


CASES = [InputCase("a whole series", whole)]
