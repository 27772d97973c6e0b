"""A patient's name in all that is brought is found nowhere afterwards: in no message, log, file or address.

A file's own name is shown on the pages of the browser that brought it, which knows it; and nowhere else.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from tests.support.dicom_files import CANARY, series, zipped
from tools.app_client import AppClient
from tools.running_app import running_app
from uad_core.io.paths import ROOT, SAMPLES

WORD, NAME = b"CANARY", "NIGHTJAR^PATIENT"  # within files and archives; of the files that are brought
PASSED_OVER = {".git", ".venv", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"}
REFUSED = {"a damaged archive": "zip", "a broken scan": "NIfTI", "mixed patients": "patient", "a path": "NIfTI"}


@dataclass
class Listener(AppClient):
    """Keeps all that the server says."""

    heard: list[bytes] = field(default_factory=list)

    def _receive(self):
        message = super()._receive()
        self.heard.append(message.SerializeToString())
        return message


def named_nifti() -> bytes:
    """A healthy brain under a name, with the name in every text of its header and in an extension."""
    image = nib.load(SAMPLES / "sub-healthy01_FLAIR.nii.gz")
    named = nib.Nifti1Image(np.asanyarray(image.dataobj), image.affine)
    for name in ("descrip", "aux_file", "intent_name", "db_name"):
        named.header[name] = WORD
    named.header.extensions.append(nib.nifti1.Nifti1Extension("comment", CANARY.encode()))
    return named.to_bytes()


def uploads():
    dicom = series()
    return {
        "a scan": (f"{NAME}.nii", named_nifti()),
        "a DICOM zip": (f"{NAME}.zip", zipped({f"{CANARY}/flair/{n}_{CANARY}": one for n, one in enumerate(dicom)})),
        "a damaged archive": (f"{NAME}.zip", b"PK\x03\x04" + CANARY.encode() * 40),
        "a broken scan": (f"{NAME}.nii.gz", CANARY.encode() * 100),
        "mixed patients": (f"{NAME}.zip", zipped([*dicom[:4], *series(PatientID="CANARY8")[4:]])),
        "a path": (f"../../{CANARY}/{NAME}.nii.gz", b"nothing"),
    }


def files_here():
    """All files of the project, with what tells whether one has changed."""
    found = {}
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in PASSED_OVER]
        found |= {path: path.stat().st_mtime_ns for name in names if (path := Path(folder) / name).is_file()}
    return found


@pytest.fixture(scope="module")
def visited(tmp_path_factory):
    """What a visit with all of it left behind: messages, log, temporary files, and the project's files before."""
    folder = tmp_path_factory.mktemp("privacy")
    temporary = folder / "tmp"
    temporary.mkdir()
    before = files_here()
    log = folder / "log.txt"
    with running_app(log, temporary=temporary) as address, Listener(address) as user, Listener(address) as other:
        said = {}
        for what, (name, data) in uploads().items():
            user.page = "scan"
            user.query = ""
            user.run()
            user.upload("A NIfTI file", name, data)
            said[what] = user.texts
        user.upload("A NIfTI file", *uploads()["a scan"])
        user.open("detect", "scan=My+own+scan", 250)
        said["detect"] = user.texts
        user.page = "scan"
        user.run()
        _, index = user.request("GET", "/")
        user.heard.append(index)
        other.page, other.query = "scan", "scan=My+own+scan"
        other.run()
        said["another browser"] = [b"".join(other.heard).decode(errors="replace")]
    return user, said, folder, before


def test_the_scan_was_taken_and_the_others_were_refused_or_read(visited):
    _, said, *_ = visited
    assert any("above the threshold" in text for text in said["detect"])
    for what, words in REFUSED.items():
        assert any(words in text for text in said[what]), (what, said[what][3:])


def test_no_message_of_the_server_has_the_name(visited):
    assert len(visited[0].heard) > 100
    assert not [message[:200] for message in visited[0].heard if WORD in message]


def test_the_files_own_name_is_a_title_on_the_pages_of_its_browser_alone(visited):
    user, said, *_ = visited
    name = NAME.encode()
    assert any(name in message for message in user.heard)
    errors = [text for what in REFUSED for text in said[what] if any(words in text for words in REFUSED.values())]
    assert errors
    assert not [text for text in errors if NAME in text]
    assert len(said["another browser"][0]) > 100
    assert NAME not in said["another browser"][0]


def test_no_log_and_no_temporary_file_has_the_name_and_none_is_left(visited):
    folder = visited[2]
    assert not [name for name in (WORD, NAME.encode()) if name in (folder / "log.txt").read_bytes()]
    left = [path for path in (folder / "tmp").rglob("*") if path.is_file()]
    assert left == []


def test_no_file_of_the_project_was_written(visited):
    before = visited[3]
    written = [path for path, when in files_here().items() if before.get(path) != when]
    assert [path for path in written if path.suffix != ".py" and WORD in path.read_bytes()] == []
