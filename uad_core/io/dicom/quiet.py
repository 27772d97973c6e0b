"""pydicom and highdicom quote header values in warnings and logs, where a patient's name has no place.

Set once, when DICOM is first used, and for the whole process: `warnings.catch_warnings` is not safe in threads.
"""

import logging
import warnings

import pydicom  # first, since it sets the level of its own logger

LIBRARIES = (pydicom.__name__, "highdicom")


def silence() -> None:
    """No warning and no log line of the libraries reaches a terminal or a file."""
    for name in LIBRARIES:
        warnings.filterwarnings("ignore", module=rf"{name}(\.|$)")
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
