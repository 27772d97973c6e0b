from pathlib import Path

import numpy as np
import pytest

from uad_core.atlas.space import Slab
from uad_core.io import kept
from uad_core.io.paths import SAMPLES
from uad_core.io.volume import Volume
from uad_core.preprocess import Prepared, prepare_once
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan
from uad_core.preprocess.preparation import OnStep

SLAB = Slab(80, 4)
SCAN = (SAMPLES / "sub-ms01_FLAIR.nii.gz").read_bytes()
MASK = SAMPLES / "sub-ms01_lesion.nii.gz"


@pytest.fixture
def prepared_anew(monkeypatch: pytest.MonkeyPatch) -> list[PrepareOptions]:
    """The options of each scan that was really prepared."""
    seen: list[PrepareOptions] = []

    def counted(scan: Volume, slab: Slab, options: PrepareOptions, on_step: OnStep) -> Prepared:
        seen.append(options)
        return prepare_scan(scan, slab, options, on_step)

    monkeypatch.setattr(prepare_once, "prepare_scan", counted)
    return seen


def ready(options: PrepareOptions = PrepareOptions(), slab: Slab = SLAB) -> Prepared:
    return prepare_once.prepare_once(SCAN, slab, options, lambda step, share: None)


def test_a_kept_preparation_is_the_one_that_was_made(kept_folder: Path, prepared_anew: list[PrepareOptions]) -> None:
    first, second = ready(), ready()
    assert len(prepared_anew) == 1
    assert len(list(kept_folder.iterdir())) == 1
    for one, other in ((first.array, second.array), (first.brain_mask, second.brain_mask)):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)
    assert np.array_equal(first.scan.array, second.scan.array)
    assert np.array_equal(first.transform.matrix, second.transform.matrix)
    assert (first.config, first.steps, first.warnings) == (second.config, second.steps, second.warnings)
    assert first.shading is not None
    assert second.shading is not None
    for name, value in vars(first.shading).items():
        assert np.array_equal(value, getattr(second.shading, name)), name


def test_without_shading_nothing_of_it_is_kept(kept_folder: Path) -> None:
    plain = PrepareOptions(shading=False)
    assert ready(plain).shading is None
    assert ready(plain).shading is None


def test_other_options_or_levels_are_prepared_by_themselves(
    kept_folder: Path, prepared_anew: list[PrepareOptions]
) -> None:
    ready(), ready(PrepareOptions(shading=False)), ready(slab=Slab(81, 4))
    assert len(prepared_anew) == len(list(kept_folder.iterdir())) == 3


def test_what_depends_on_another_file_is_not_kept(kept_folder: Path) -> None:
    ready(PrepareOptions(look_mask=MASK))
    assert not kept_folder.exists()


def test_a_new_version_of_the_program_prepares_anew(
    kept_folder: Path, prepared_anew: list[PrepareOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    ready()
    (before,) = kept_folder.iterdir()
    monkeypatch.setattr(kept, "program", lambda rooms: "another")
    ready()
    (after,) = kept_folder.iterdir()
    assert len(prepared_anew) == 2
    assert after != before


@pytest.mark.parametrize("at", [0.02, 0.3, 0.6, 0.9])
def test_a_damaged_file_is_made_anew(kept_folder: Path, prepared_anew: list[PrepareOptions], at: float) -> None:
    first = ready()
    (kept,) = kept_folder.iterdir()
    data = bytearray(kept.read_bytes())
    data[int(at * len(data))] ^= 4
    kept.write_bytes(data)
    assert np.array_equal(ready().array, first.array)
    assert np.array_equal(ready().array, first.array)
    assert len(prepared_anew) <= 2


@pytest.mark.parametrize("left", [0, 100, 5000])
def test_half_a_file_is_made_anew(kept_folder: Path, prepared_anew: list[PrepareOptions], left: int) -> None:
    ready()
    (kept,) = kept_folder.iterdir()
    kept.write_bytes(kept.read_bytes()[:left])
    ready()
    assert len(prepared_anew) == 2


def test_a_folder_that_cannot_be_written_does_no_harm(kept_folder: Path, prepared_anew: list[PrepareOptions]) -> None:
    kept_folder.write_text("no folder")
    ready(), ready()
    assert len(prepared_anew) == 2
