"""Whatever is uploaded as DICOM: a finite volume or a `ScanError` that names nobody."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.bad_dicom import BAD
from tests.support.dicom_files import head, series, zipped
from uad_core.io.dicom.reading import read_dicom
from uad_core.io.paths import ROOT
from uad_core.io.read_scan import read_scan
from uad_core.io.volume import ScanError

SMALL = head((6, 5, 4))
# pytest shows warnings that the process silences; the last test looks at a process without pytest
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def check_sentence(error: ScanError) -> None:
    """A sentence or two for a user, with no header text, path or trace of another exception in them."""
    text = str(error)
    assert text.endswith(".")
    assert 20 < len(text) < 200
    assert "CANARY" not in text
    assert "/" not in text
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize("name", BAD)
def test_a_bad_upload_is_refused_with_its_code(name, capfd, caplog):
    code, make = BAD[name]
    with pytest.raises(ScanError) as refusal:
        read_dicom(make())
    assert refusal.value.code == code, str(refusal.value)
    check_sentence(refusal.value)
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


def test_several_series_are_counted_and_not_named():
    with pytest.raises(ScanError, match=r"holds 2 series.*give its files alone\.$"):
        read_dicom(BAD["two FLAIR series of one size"][1]())


def test_missing_slices_are_counted():
    with pytest.raises(ScanError, match=r"^A slice is missing"):
        read_dicom(BAD["a slice missing"][1]())
    with pytest.raises(ScanError, match=r"^About 3 slices are missing"):
        read_dicom(BAD["three slices missing"][1]())


@pytest.mark.parametrize("seed", range(4))
def test_of_100_damaged_uploads_each_is_a_finite_volume_or_a_refusal(seed):
    dice = random.Random(seed)
    sound = series(SMALL)
    outcomes = set()
    for _ in range(100):
        files = list(sound)
        hits = [(dice.randrange(132, len(sound[0])), dice.randrange(256)) for _ in range(dice.randint(1, 4))]
        kind = dice.choice(("one file", "all files alike", "archive", "cut"))
        if kind == "archive":
            files = [zipped(sound)]
        for number in range(len(files)) if kind == "all files alike" else [dice.randrange(len(files))]:
            damaged = bytearray(files[number])
            for position, value in hits:
                damaged[position] = value
            files[number] = bytes(damaged[: dice.randrange(len(damaged))] if kind == "cut" else damaged)
        try:
            volume = read_dicom(files)
        except ScanError as error:
            check_sentence(error)
            outcomes.add(error.code)
            continue
        assert np.isfinite(volume.array).all()
        assert np.isfinite(volume.affine).all()
        assert not any("CANARY" in note for note in volume.notes)
    assert {"damaged", "bad_zip"} <= outcomes


def test_too_little_memory_is_an_answer_too(monkeypatch):
    def exhausted(*_):
        raise MemoryError

    monkeypatch.setattr("uad_core.io.dicom.reading.read_pixels", exhausted)
    with pytest.raises(ScanError) as refusal:
        read_dicom(series())
    assert refusal.value.code == "too_big"


def test_a_decoder_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr("uad_core.io.dicom.pixels.DECODE_SECONDS", 0.001)
    with pytest.raises(ScanError) as refusal:
        read_dicom(BAD["compressed noise"][1]())
    assert refusal.value.code == "compression"


def test_an_upload_of_more_bytes_than_there_is_room_for_is_refused(monkeypatch):
    monkeypatch.setattr("uad_core.io.dicom.container.MAX_BYTES", 5000)
    for files in (series(), [zipped(series())]):
        with pytest.raises(ScanError) as refusal:
            read_dicom(files)
        assert refusal.value.code == "too_big"


def test_a_folder_without_dicom_is_refused(tmp_path: Path):
    with pytest.raises(ScanError) as refusal:
        read_scan(tmp_path)
    assert refusal.value.code == "empty"
    (tmp_path / "CANARY").write_text("no scan")
    with pytest.raises(ScanError) as refusal:
        read_scan(tmp_path)
    assert refusal.value.code == "no_image"
    check_sentence(refusal.value)


@pytest.mark.parametrize("place", ["missing", "no\0name", "x" * 5000, "a/b"])
def test_a_place_without_a_scan_is_refused(tmp_path: Path, place: str):
    with pytest.raises(ScanError) as refusal:
        read_scan(tmp_path / place)
    assert refusal.value.code == "unreadable"
    check_sentence(refusal.value)


def test_a_slice_that_may_not_be_opened_is_not_left_out(tmp_path: Path, monkeypatch):
    for number, data in enumerate(series()):
        (tmp_path / f"{number}").write_bytes(data)
    whole = Path.open

    def guarded(path, *arguments, **options):
        if path.name == "7":
            raise PermissionError("CANARY")
        return whole(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", guarded)
    with pytest.raises(ScanError) as refusal:
        read_scan(tmp_path)
    assert refusal.value.code == "unreadable"
    check_sentence(refusal.value)


def test_nothing_of_a_header_reaches_the_terminal():
    """Of a process of its own, since pytest catches warnings. The birth date makes pydicom quote it."""
    program = (
        "import logging, warnings\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        "from tests.support.dicom_files import series\n"
        "files = [data.replace(b'20200102', b'CANARY!!') for data in series(PatientName='CANARY', EchoTime='5')]\n"
        "from uad_core.io.dicom.reading import read_dicom\n"
        "from uad_core.io.dicom.seg import encode_dicom_seg\n"
        "scan = read_dicom(files)\n"
        "seg = encode_dicom_seg(scan.array > 500, scan, 'model')\n"
        "assert b'CANARY' in seg and b'CANARY!!' not in seg\n"
        "print(scan.notes, 'done')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert "done" in done.stdout, done.stderr
    assert "CANARY" not in done.stdout + done.stderr
