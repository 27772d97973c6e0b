"""A checkpoint made to do harm: refused with a sentence, quickly, and within bounds of memory."""

import hashlib
import json
import struct
import zipfile

import numpy as np
import psutil
import pytest
import torch

from uad_core.atlas.space import PAPER_SLAB
from uad_core.io.sealed import write_sealed
from uad_core.models.calibration import BINS, Calibration, Reference, ResidualHistogram
from uad_core.models.checkpoint import CheckpointError, build_model, load_checkpoint, save_checkpoint


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    flat = ResidualHistogram(np.ones(BINS, np.int64))
    calibration = Calibration(2.0, {"phantoms": Reference(True, 1, 1.0, {("absolute", 5): flat})})
    save_checkpoint(tmp_path / "one", "sae3", build_model("sae3"), PAPER_SLAB, calibration, {})
    return tmp_path


def with_weights(folder, weights: bytes):
    """A checkpoint whose description vouches for other weights."""
    record = json.loads((folder / "one.json").read_text())
    (folder / "one.safetensors").write_bytes(weights)
    write_sealed(folder / "one.json", record | {"sha256": hashlib.sha256(weights).hexdigest()})


def tensors(header: dict, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


HUGE = {"dtype": "F16", "shape": [10**6, 10**6], "data_offsets": [0, 2 * 10**12]}
PAIR = {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}
WEIGHTS = {
    "a header longer than the file": struct.pack("<Q", 2**40) + b"{}",
    "a header of no JSON": struct.pack("<Q", 4) + b"\xff\xfe{}",
    "a shape of terabytes": tensors({"x": HUGE}, bytes(16)),
    "a shape that is not its bytes": tensors({"x": {**PAIR, "shape": [4], "data_offsets": [0, 2]}}, bytes(2)),
    "offsets that overlap": tensors(dict.fromkeys("xy", PAIR), bytes(4)),
    "names of another model": tensors({"x": PAIR}, bytes(4)),
    "a deep header": struct.pack("<Q", 200_000) + b"[" * 200_000,
    "nothing": b"",
    "a pickle": b"\x80\x04cos\nsystem\n(S'false'\ntR.",
}


@pytest.mark.parametrize("what", WEIGHTS)
def test_weights_made_to_do_harm_are_refused_within_bounds(folder, what):
    with_weights(folder, WEIGHTS[what])
    before = psutil.Process().memory_info().rss
    with pytest.raises(CheckpointError):
        load_checkpoint("one", folder)
    assert psutil.Process().memory_info().rss - before < 200e6


def test_a_zip_bomb_in_the_weights_place_is_not_unpacked(folder):
    with zipfile.ZipFile(folder / "bomb", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(10**8))
    with_weights(folder, (folder / "bomb").read_bytes())
    before = psutil.Process().memory_info().rss
    with pytest.raises(CheckpointError):
        load_checkpoint("one", folder)
    assert psutil.Process().memory_info().rss - before < 50e6


DESCRIPTIONS = {
    "an entry twice": lambda text: text.replace('"name"', '"name": "other", "name"', 1),
    "a depth of thousands": lambda text: "[" * 100_000,
    "a number of no end": lambda text: text.replace('"first": ', '"first": 1e999, "x": ', 1),
    "not an object": lambda text: "[1, 2]",
    "half of it": lambda text: text[: len(text) // 2],
    "bytes of no text": lambda text: "\x00" * 100,
}


@pytest.mark.parametrize("what", DESCRIPTIONS)
def test_a_description_made_to_do_harm_is_refused(folder, what):
    path = folder / "one.json"
    path.write_text(DESCRIPTIONS[what](path.read_text()))
    with pytest.raises(CheckpointError):
        load_checkpoint("one", folder)


SETTINGS = {
    "a model of terabytes": {"config": {"features": [10**6] * 4}},
    "a model of some gigabytes": {"config": {"features": [4000] * 4}},
    "settings of no sense": {"config": {"features": "many"}},
    "a setting that nobody knows": {"config": {"__class__": 1}},
    "levels without end": {"slab": {"first": 70, "count": 10**9}},
    "a model by its path": {"model": "/etc/passwd"},
    "no digest of the weights": {"sha256": 5},
}


@pytest.mark.parametrize("what", SETTINGS)
def test_settings_made_to_do_harm_are_refused_within_bounds(folder, what):
    record = json.loads((folder / "one.json").read_text())
    write_sealed(folder / "one.json", record | SETTINGS[what])
    before = psutil.Process().memory_info().rss
    with pytest.raises(CheckpointError):
        load_checkpoint("one", folder)
    assert psutil.Process().memory_info().rss - before < 200e6


def test_a_name_that_climbs_out_of_the_folder_is_no_checkpoint(folder):
    (folder / "inner").mkdir()
    for name in ("../one", "/etc/passwd", "one\0", str(folder / "one")):
        with pytest.raises(CheckpointError, match="no checkpoint of that name"):
            load_checkpoint(name, folder / "inner")
