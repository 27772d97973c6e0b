"""A kept detection is the one that was made, and counts for one scan, one model and one version of the program."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.heads import CHECKPOINT, small_head
from uad_core.detect import detect_once
from uad_core.detect.lights import lights_of
from uad_core.io import kept
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.reconstruct import Reconstruction, reconstruct
from uad_core.preprocess import Prepared
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan

pytestmark = pytest.mark.usefixtures("kept_folder")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    path = tmp_path_factory.mktemp("head") / "scan.nii.gz"
    small_head().to_filename(path)
    return prepare_scan(path, CHECKPOINT.slab, PrepareOptions(strip=False, register=False), lambda step, share: None)


@pytest.fixture
def models_run(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the models that really reconstructed."""
    ran: list[str] = []

    def counted(prepared: Prepared, checkpoint: Checkpoint, on_progress: object = None) -> Reconstruction:
        ran.append(checkpoint.name)
        return reconstruct(prepared, checkpoint)

    monkeypatch.setattr(detect_once, "reconstruct", counted)
    return ran


def test_what_is_kept_is_what_was_made(prepared: Prepared, models_run: list[str]) -> None:
    made, again = (detect_once.reconstruct_once("a scan", prepared, CHECKPOINT) for _ in range(2))
    assert models_run == [CHECKPOINT.name]
    assert again.array.dtype == made.array.dtype
    assert np.array_equal(again.array, made.array)
    assert np.array_equal(again.searched, made.searched)
    assert (again.score is None) == (made.score is None)
    assert (again.warnings, again.seconds) == (made.warnings, made.seconds)
    assert again.prepared is prepared


def test_the_lights_are_kept_word_for_word(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    reconstruction = reconstruct(prepared, CHECKPOINT)
    made = detect_once.lights_once("a scan", reconstruction)
    assert made == lights_of(reconstruction)
    monkeypatch.setattr(detect_once, "lights_of", lambda reconstruction: pytest.fail("measured again"))
    assert detect_once.lights_once("a scan", reconstruction) == made


def test_another_scan_is_another_result(prepared: Prepared, models_run: list[str]) -> None:
    for scan in ("a scan", "another", "a scan"):
        detect_once.reconstruct_once(scan, prepared, CHECKPOINT)
    assert len(models_run) == 2


def test_a_new_version_of_the_program_detects_anew(
    prepared: Prepared, models_run: list[str], kept_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detect_once.reconstruct_once("a scan", prepared, CHECKPOINT)
    monkeypatch.setattr(kept, "program", lambda rooms: "another")
    detect_once.reconstruct_once("a scan", prepared, CHECKPOINT)
    assert len(models_run) == 2
    assert len(list(kept_folder.iterdir())) == 1


@pytest.mark.parametrize("at", [0.02, 0.5, 0.98])
def test_a_damaged_file_is_made_anew(prepared: Prepared, models_run: list[str], kept_folder: Path, at: float) -> None:
    made = detect_once.reconstruct_once("a scan", prepared, CHECKPOINT)
    (file,) = kept_folder.iterdir()
    data = bytearray(file.read_bytes())
    data[int(at * len(data))] ^= 4
    file.write_bytes(data)
    assert np.array_equal(detect_once.reconstruct_once("a scan", prepared, CHECKPOINT).array, made.array)


def test_the_version_follows_the_code_of_its_rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = tmp_path / "uad_core" / "models"
    room.mkdir(parents=True)
    monkeypatch.setattr(kept, "ROOT", tmp_path)
    versions = []
    for code in ("a = 1", "a = 2", "a = 1"):
        (room / "code.py").write_text(code)
        kept.program.cache_clear()
        versions.append(kept.program(("models",)))
    kept.program.cache_clear()
    assert versions[0] == versions[2] != versions[1]
