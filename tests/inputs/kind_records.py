"""Checkpoints, presets and run folders that were damaged on the way, or written by somebody else."""

from __future__ import annotations

import json
import shutil
import time
from functools import lru_cache
from pathlib import Path

import torch

from tests.support.input_case import READ, REFUSED, InputCase
from tests.support.training import no_calibration
from uad_core.atlas.space import PAPER_SLAB
from uad_core.cohorts.find import RunError
from uad_core.detect.presets import Preset
from uad_core.io.paths import ROOT
from uad_core.io.sealed import SEAL, digest, unsealed, write_sealed
from uad_core.models.checkpoint import build_model, load_checkpoint, save_checkpoint
from uad_core.pipeline.segment import DetectConfig
from uad_core.runs.evaluation import EvaluationRun
from uad_core.runs.training import TrainingRun

KIND = "Records: checkpoints, presets, runs"
WRITTEN = ROOT / "tests" / "fixtures" / "first_version"
PRESET = Preset("mine", "intensity", DetectConfig(98.5)).to_json()
NOW = {"stage": "train", "pid": 1, "updated": 1000.0, "message": "", "epoch": 1, "epochs": 2, "fraction": 0.5}


@lru_cache(maxsize=1)
def small_checkpoint() -> tuple[bytes, bytes]:
    """Description and weights."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(0)
        model = build_model("sae3", {"features": [4, 4, 4, 4], "latent": 2})
        save_checkpoint(Path(folder) / "one", "sae3", model, PAPER_SLAB, no_calibration(), {"learned": True})
        return (Path(folder) / "one.json").read_bytes(), (Path(folder) / "one.safetensors").read_bytes()


def checkpoint(tried, change, right=REFUSED, words=("damaged",)):
    """`change` takes the description's bytes and returns others."""

    def run(folder):
        described, weights = small_checkpoint()
        (folder / "one.json").write_bytes(change(described))
        (folder / "one.safetensors").write_bytes(weights)
        assert load_checkpoint("one", folder).record.items() >= unsealed(described).items()
        return ()

    return InputCase(f"checkpoint: {tried}", run, right, words if right == REFUSED else ())


def resealed(**changes):
    """The description with other values and a digest that fits: as somebody might write it."""

    def change(described):
        record = unsealed(described) | changes
        return json.dumps(record | {SEAL: digest(record)}).encode()

    return change


def calibrated(**changes):
    usual = {"simulated": True, "scans": 2, "millilitres": 9.5, "histograms": {"positive 5": "1 2 3"}}
    return resealed(calibration={"erosion_mm": 2.0, "bins": 2000, "references": {"a": usual | changes}})


def preset(tried, change, right=REFUSED, words=("preset",)):
    def run(folder):
        assert Preset.from_json(change(PRESET)) == Preset.from_json(PRESET)
        return ()

    return InputCase(f"preset: {tried}", run, right, words if right == REFUSED else ())


def training(tried, right=REFUSED, words=(), **files):
    """A run folder beside a good one: both are listed, and what is wrong with the odd one is one sentence."""

    def run(folder):
        for name, data in {"progress": NOW | {"stage": "done"}}.items():
            (folder / "good").mkdir()
            write_sealed(folder / "good" / f"{name}.json", data)
        (folder / "odd").mkdir()
        for name, data in files.items():
            path = folder / "odd" / (f"{name}.jsonl" if name == "curve" else f"{name}.json")
            path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
        listed = {one.name: one for one in TrainingRun.all(folder)}
        assert listed["good"].state == "done"
        odd = listed["odd"]
        assert all(isinstance(entry["epoch"], int) for entry in odd.curve())
        assert (odd.learned, odd.picture(), odd.is_active, odd.is_stopping) == (None, None, False, False)
        assert isinstance(odd.settings, dict)
        assert isinstance(odd.log(), str)
        if odd.status.message:
            raise RunError(odd.status.message)
        if odd.can_resume:
            odd.resume_arguments()
        return ()

    return InputCase(f"training: {tried}", run, right, words)


def evaluation(tried, name, change, right=REFUSED):
    """The records of a finished evaluation, of which one was changed: read as they were, or not at all."""

    def run(folder):
        shutil.copytree(WRITTEN / "evaluation", folder / "one")
        clean = EvaluationRun.read(folder / "one")
        expected = clean.metrics(), clean.curves()
        assert all(expected)
        for file in ("metrics.json", "curves.json"):
            write_sealed(folder / "one" / file, json.loads((folder / "one" / file).read_text()))
        path = folder / "one" / name
        path.write_bytes(change(path.read_bytes()))
        (odd,) = EvaluationRun.all(folder)
        found = odd.metrics(), odd.curves()
        if not all(found):  # the page says so, and offers to delete it
            raise RunError("The records of this evaluation are damaged. Run it again.")
        assert found == expected
        return ()

    return InputCase(f"evaluation: {tried}", run, right)


def without_seal(data):
    return json.dumps({key: value for key, value in json.loads(data).items() if key != SEAL}).encode()


def other(**changes):
    return lambda data: json.dumps(json.loads(without_seal(data)) | changes).encode()


DAMAGED, LATE = ("record of this training is damaged",), time.time()
CASES = [
    checkpoint("as it should be", lambda data: data, READ),
    checkpoint("written in another layout", lambda data: json.dumps(json.loads(data), sort_keys=True).encode(), READ),
    checkpoint("from before there was a digest", without_seal, READ),
    checkpoint("one digit changed", lambda data: data.replace(b'"latent": 2', b'"latent": 3')),
    checkpoint("one letter changed", lambda data: data.replace(b'"learned"', b'"leArned"')),
    checkpoint("half of its description", lambda data: data[: len(data) // 2]),
    checkpoint("bytes that are no text", lambda data: data[:90] + b"\xff\xfe\x00" + data[93:]),
    checkpoint("an entry twice", lambda data: data.replace(b'{\n "name"', b'{\n "name": "other",\n "name"')),
    checkpoint("a nest of ten thousand lists", lambda data: b"[" * 10_000),
    checkpoint("a model that is not known", resealed(model="nobody"), words=("no model 'nobody'",)),
    checkpoint("a latent of a million features", resealed(config={"latent": 10**9}), words=("latent must be",)),
    checkpoint("no number for a setting", resealed(config={"latent": "2"}), words=("latent must be",)),
    checkpoint("levels above the head", resealed(slab={"first": 150, "count": 20}), words=("does not fit",)),
    checkpoint("levels as texts", resealed(slab={"first": "70", "count": 20}), words=("first must be",)),
    checkpoint("perhaps, for a boolean", resealed(learned="perhaps"), words=("learned must be",)),
    checkpoint("a healthy reference without scans", calibrated(scans=0), words=("scans must be",)),
    checkpoint("a negative volume", calibrated(millilitres=-1), words=("millilitres must be",)),
    checkpoint("negative counts", calibrated(histograms={"positive 5": "1 -2 3"}), words=("does not fit",)),
    checkpoint("too many counts", calibrated(histograms={"positive 5": "1 " * 2001}), words=("does not fit",)),
    preset("as it should be", lambda text: text, READ),
    preset("from before there was a digest", lambda text: json.dumps(unsealed(text)), READ),
    preset("with a byte order mark", lambda text: b"\xef\xbb\xbf" + text.encode(), READ),
    preset("in UTF-16", lambda text: text.encode("utf-16"), READ),
    preset("one digit changed", lambda text: text.replace("98.5", "97.5"), words=("changed after it was saved",)),
    preset("half of it", lambda text: text[:100]),
    training("no record but a settings.json", words=DAMAGED, settings={"name": "odd"}),
    training("half of progress.json", words=DAMAGED, progress=b'{"stage": "tr'),
    training("a list for progress.json", words=DAMAGED, progress=[1, 2]),
    training("bytes at random for progress.json", words=DAMAGED, progress=bytes(range(256))),
    training("a text for the time", words=DAMAGED, progress=NOW | {"updated": "today"}),
    training("an epoch of NaN", words=DAMAGED, progress=NOW | {"epoch": float("nan")}),
    training("a number of a thousand digits", words=DAMAGED, progress=NOW | {"updated": 10**1000}),
    training("an object for the stage", words=DAMAGED, progress=NOW | {"stage": {}}),
    training("a list for the share done", words=DAMAGED, progress=NOW | {"fraction": [1]}),
    training("a list for settings.json", REFUSED, ("cannot be resumed",), progress=NOW, settings=[1]),
    training("a zero byte in a path of settings.json", REFUSED, ("cannot be resumed",), progress=NOW,
             settings={"out": "a\0b"}),
    training("a number for a path", REFUSED, ("cannot be resumed",), progress=NOW, settings={"out": 5}),
    training("a process of a negative number", words=("cannot be resumed",), launch={"pid": -1, "time": LATE},
             progress=NOW | {"pid": 1}),
    training("odd lines in the curve", READ, progress=NOW | {"stage": "done"},
             curve=b'{"epoch": 1, "l1": 0.1}\n{"epoch": "2"}\n[]\n{"epoch": 3, "l1": {}}\n{"epoch": 4, "l1"\n\xff\n'),
    evaluation("as it should be", "metrics.json", lambda data: data, READ),
    evaluation("from before there was a digest", "metrics.json", without_seal, READ),
    evaluation("one digit changed in its metrics", "metrics.json", lambda data: data.replace(b"0.", b"1.", 1)),
    evaluation("half of its curves", "curves.json", lambda data: data[:200]),
    evaluation("models in a list", "metrics.json", other(models=[])),
    evaluation("no levels", "metrics.json", other(levels=[])),
    evaluation("patients of an unknown kind", "metrics.json", other(per_patient=[{"subject": 5}])),
    evaluation("curves of texts", "curves.json", other(models={"a": {"recall": ["x"]}})),
]  # fmt: skip
