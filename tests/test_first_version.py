"""Files that the first version wrote still open: a checkpoint, a preset, a stopped training, an evaluation."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.support.training import picture_cohort
from uad_core.__main__ import main
from uad_core.detect.presets import read_preset
from uad_core.evaluate.config import EvaluateConfig
from uad_core.io.paths import SAMPLES
from uad_core.models.checkpoint import load_checkpoint
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.pipeline.segment import DetectConfig
from uad_core.runs.evaluation import EvaluationRun
from uad_core.runs.training import TrainingRun

WRITTEN = Path(__file__).parent / "fixtures" / "first_version"


@pytest.fixture
def folder(tmp_path) -> Path:
    """A copy of them, with this machine's folders where the first version wrote those of its own."""
    shutil.copytree(WRITTEN, tmp_path / "first")
    cohort = picture_cohort(tmp_path / "controls", 6)
    for path in (tmp_path / "first").glob("*/settings.json"):
        text = path.read_text().replace("COHORT", str(cohort)).replace("SAMPLES", str(SAMPLES))
        path.write_text(text.replace("CHECKPOINTS", str(tmp_path / "out")))
    return tmp_path / "first"


def test_a_checkpoint_opens_with_its_calibration():
    checkpoint = load_checkpoint("first", WRITTEN / "checkpoints")
    assert checkpoint.spec.name == "svae"
    assert checkpoint.record["trained_on"][0]["held_out"] == ["sub-3"]
    assert checkpoint.calibration.histogram("absolute", 5).threshold(98) > 0


def test_a_preset_opens():
    preset = read_preset(WRITTEN / "preset.json")
    assert (preset.name, preset.model) == ("Small lesions", "denoiser")
    assert preset.config == DetectConfig(97.5, None, None, PostprocessConfig("positive", 3, 2.5, 10))


def test_a_stopped_training_is_listed_and_resumes_to_the_weights_that_the_first_version_ended_with(folder, capsys):
    run = TrainingRun.read(folder / "run")
    assert (run.state, len(run.curve())) == ("stopped", 1)
    (folder / "run" / "stop").unlink()
    assert main(["train", "--resume", str(folder / "run")]) == 0
    ended = load_file(folder.parent / "out" / "first.safetensors")
    for name, expected in load_file(WRITTEN / "checkpoints" / "first.safetensors").items():
        np.testing.assert_allclose(ended[name], expected, rtol=0.02, atol=2e-3, err_msg=name)  # half precision


def test_an_evaluation_opens_with_its_request(folder):
    evaluation = EvaluationRun.read(folder / "evaluation")
    assert evaluation.state == "done"
    assert evaluation.request is not None
    assert (evaluation.request.models, evaluation.request.config) == (("intensity",), EvaluateConfig(98.0, limit=1))
    written = json.loads((WRITTEN / "evaluation" / "metrics.json").read_text())
    assert evaluation.metrics() == written
    assert evaluation.curves()
