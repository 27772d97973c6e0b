"""Commands that print or draw what the rest of the project knows, and the commands that records hold."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.support.dicom_files import head, series
from tests.support.training import no_calibration
from uad_core.__main__ import COMMANDS, _parser, main
from uad_core.atlas.space import PAPER_SLAB, WHOLE_BRAIN
from uad_core.cohorts.cohort import Cohort
from uad_core.commands import evaluate, experiment, train
from uad_core.evaluate.config import EvaluateConfig
from uad_core.io.command_words import command_line
from uad_core.models import MODELS
from uad_core.models.checkpoint import build_model, load_checkpoint, save_checkpoint
from uad_core.train.config import recorded_command

SMALL = {"features": [4, 4, 4, 4], "latent": 2}


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    for name in ("svae", "sae3"):
        save_checkpoint(tmp_path / name, name, build_model(name, SMALL), PAPER_SLAB, no_calibration(), {})
    return tmp_path


def test_the_table_of_models_says_of_each_its_latent_size_source_idea_and_weakness(capsys):
    assert main(["models"]) == 0
    printed = capsys.readouterr().out
    text = " ".join(printed.split())
    for name, spec in MODELS.items():
        (row,) = [line for line in printed.splitlines() if line.split()[0] == name]
        assert spec.latent in row
        assert row.endswith(spec.source)
        assert f"{spec.idea} {spec.weakness}" in text


def test_the_parameters_of_sae3_are_those_counted_by_hand(capsys):
    """5 x 5 kernels, no bias before a batch norm, which has two numbers a feature."""
    main(["models"])
    down = 25 * (1 * 32 + 32 * 64 + 64 * 128 + 128 * 128) + 2 * (32 + 64 + 128 + 128)
    bottleneck = (128 * 64 + 64) + (64 * 128 + 128)
    up = 25 * (128 * 128 + 128 * 64 + 64 * 32) + 2 * (128 + 64 + 32) + (25 * 32 + 1)
    (row,) = re.findall(r"^sae3 .*$", capsys.readouterr().out, re.MULTILINE)
    assert f" {down + bottleneck + up:,} " in row


def test_what_is_fitted_without_a_gradient_counts_as_learned():
    """128 atoms of 8 x 8 pixels and their bounds; 3000 vectors of 32 numbers, their weights, centre and scale."""
    assert build_model("dictionary").learned_numbers() == 128 * 64 + 128
    svm = build_model("ocsvm")
    network = sum(parameter.numel() for parameter in svm.autoencoder.parameters())
    assert svm.learned_numbers() == network + 3000 * 32 + 3000 + 2 * 32


def test_samples_are_drawn_into_one_picture_and_repeat_for_a_seed(folder, tmp_path):
    pictures = []
    for number, seed in enumerate(("3", "3", "4")):
        out = tmp_path / f"{number}.png"
        words = ["sample", "--model", "svae", "--count", "5", "--columns", "3", "--seed", seed]
        assert main([*words, "--out", str(out), "--checkpoints", str(folder)]) == 0
        pictures.append(np.asarray(Image.open(out)))
    first, again, other = pictures
    assert first.shape == (2 * 256, 3 * 256)
    assert not first[256:, 512:].any(), "the sixth place is empty"
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    drawn = load_checkpoint("svae", folder).model.sample(5, 3)[0, 0].numpy()
    np.testing.assert_allclose(first[:256, :256], (drawn / 0.9).clip(0, 1) * 255, atol=1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--model", "sae3"], "has no prior to draw from"),
        (["--model", "svae", "--count", "0"], "At least one slice"),
        (["--model", "nobody"], "There is no checkpoint of that name"),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence_and_no_file(folder, tmp_path, capsys, words, sentence):
    out = tmp_path / "samples.png"
    assert main(["sample", *words, "--out", str(out), "--checkpoints", str(folder)]) == 2
    assert sentence in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert "usage: python -m uad_core" in capsys.readouterr().out


def parsed(command):
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "uad_core"]
    return _parser(words[3:]).parse_args(words[3:])


def test_of_several_series_detect_prints_the_list_and_takes_the_number_that_is_given(tmp_path, capsys):
    other = series(head(seed=1), SeriesInstanceUID="1.2.9", SeriesNumber=4, SeriesDescription="t2 FLAIR again")
    for number, data in enumerate([*series(), *other]):
        (tmp_path / f"{number}").write_bytes(data)
    words = ["detect", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main(words) == 2
    printed = capsys.readouterr()
    assert "2 of them are equally good FLAIRs" in printed.err
    assert re.search(r"^ +1 +8 slices  series 3, .*: FLAIR by name, original, axial$", printed.out, re.MULTILINE)
    assert re.search(r"^ +2 +8 slices  series 4, t2 flair again: FLAIR", printed.out, re.MULTILINE)
    assert main([*words, "--series", "2"]) == 2  # noise is no head
    printed = capsys.readouterr()
    assert re.search(r"^\* +2 +8 slices", printed.out, re.MULTILINE)
    assert "equally good" not in printed.err
    assert main([*words, "--series", "3"]) == 2
    assert "Give a number from 1 to 2" in capsys.readouterr().err
    assert "CANARY" not in printed.out + printed.err
    assert not (tmp_path / "out").exists()


def test_a_recorded_command_runs_though_a_cohort_has_a_space_in_its_name(tmp_path):
    folder = tmp_path / "my controls, 3 T"
    config = train.TrainConfig(model="dae", minutes=2.5, slab=WHOLE_BRAIN, settings={"features": [8, 8]})
    again = parsed(recorded_command([Cohort(folder.name, False, ())], config, "small"))
    assert (again.cohort, again.name, train.read_config(again)) == ([Path(folder.name)], "small", config)

    typed = ["evaluate", "--cohort", str(folder), "--models", "dae, sae3", "--out", str(tmp_path / "an out")]
    config = EvaluateConfig(percentile=97.5, signed="both", limit=3, slab=WHOLE_BRAIN)
    again = parsed(command_line("evaluate", evaluate.recorded_words(_parser(typed).parse_args(typed), config)))
    assert (again.cohort, again.models, again.out) == (Path(folder.name), "dae, sae3", Path("an out"))
    assert (again.percentile, again.signed, again.limit, again.slab) == (97.5, "both", 3, "whole")

    typed = ["experiment", "--quick", "--cohort", str(folder), "--train", "7", "--out", str(tmp_path / "an out")]
    options = _parser(typed).parse_args(typed)
    again = parsed(command_line("experiment", experiment.recorded_words(options)))
    assert (again.cohort, again.quick, again.train, again.out) == ([Path(folder.name)], True, 7, Path("an out"))
    assert again.checkpoints == options.checkpoints
