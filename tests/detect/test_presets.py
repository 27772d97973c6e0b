"""A setting as a file and as a command line: both give back what they were made of, and refuse anything else."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uad_core.__main__ import _parser, main
from uad_core.atlas.space import PAPER_SLAB, WHOLE_BRAIN, Slab
from uad_core.commands.detect import chosen_options, chosen_setting
from uad_core.detect.presets import MOST_BYTES, Preset, PresetError, command_line, read_preset
from uad_core.io.sealed import digest, unsealed
from uad_core.models.checkpoint import load_checkpoint
from uad_core.pipeline.postprocess import LOOKS, MEDIAN_SIZES, SIGNS, PostprocessConfig
from uad_core.pipeline.segment import DetectConfig
from uad_core.preprocess.from_file import PrepareOptions

INTENSITY = load_checkpoint("intensity")  # without weights, so read at once
OTHER = PostprocessConfig("absolute", 3, 0.5, 20.0, "white-matter")
PRESET = Preset("MS, strict", "intensity", DetectConfig(99.5, None, "simulated", OTHER))
CONFIGS = st.builds(
    DetectConfig,
    st.floats(0, 100),
    st.none() | st.floats(0, 1),
    st.none() | st.sampled_from(["simulated", "soop-near-normal", "a cohort's name", "--help"]),
    st.builds(
        PostprocessConfig,
        st.sampled_from(SIGNS),
        st.sampled_from(MEDIAN_SIZES),
        st.floats(0, 20),
        st.floats(0, 100_000),
        st.sampled_from(LOOKS),
    ),
    st.none() | st.floats(0.5, 50),
)


def parsed(command: str):
    """The options of a `python -m uad_core` command, read by the command line's own parser."""
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "uad_core"]
    return _parser(words[3:]).parse_args(words[3:])


def record(**changes) -> dict:
    """Without the digest: as an earlier version wrote it, or as somebody edits it."""
    return {**unsealed(PRESET.to_json()), **changes}


@given(CONFIGS)
def test_a_preset_comes_back_from_its_file_as_it_was(config):
    preset = Preset("Müllers Wahl", "denoiser-whole", config)
    assert Preset.from_json(preset.to_json()) == preset
    assert Preset.from_json(preset.to_json().encode()) == preset


def test_the_file_is_small_and_has_a_line_for_each_value():
    assert PRESET.to_json().splitlines() == [
        "{",
        ' "format": "uad_core preset",',
        ' "version": 1,',
        ' "name": "MS, strict",',
        ' "model": "intensity",',
        ' "percentile": 99.5,',
        ' "threshold": null,',
        ' "reference": "simulated",',
        ' "signed": "absolute",',
        ' "median_size": 3,',
        ' "erosion_mm": 0.5,',
        ' "min_lesion_mm3": 20.0,',
        ' "false_discovery": null,',
        ' "look": "white-matter",',
        f' "record_sha256": "{digest(record())}"',
        "}",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not a preset"),
        ("percentile 98", "not a preset"),
        ("[1, 2]", "not a preset"),
        ("{}", "not a preset"),
        (json.dumps({"PatientName": "CANARY"}), "not a preset"),
        ("[" * 9000, "not a preset"),
        (b"\xff\xfe\x00", "not a preset"),
        (b"\x89PNG\r\n\x1a\n", "not a preset"),
        (PRESET.to_json() + " " * MOST_BYTES, "not a preset"),
        (PRESET.to_json().replace('"percentile"', '"percentile": 1, "percentile"'), "not a preset"),
        (PRESET.to_json().replace("99.5", "1" * 5000), "not a preset"),
        (PRESET.to_json().replace("99.5", "NaN"), "not a preset"),
        (PRESET.to_json().replace("99.5", "1e999"), "not a preset"),
        (PRESET.to_json().replace("99.5", "99.4"), "damaged, or was changed after it was saved"),
        (PRESET.to_json().replace("strict", "Strict"), "damaged, or was changed after it was saved"),
    ],
)
def test_what_is_no_preset_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(PresetError, match=sentence) as refused:
        Preset.from_json(text)
    assert str(refused.value).endswith(".")
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"version": 2}, "another version"),
        ({"version": None}, "another version"),
        ({"colour": "red"}, "means nothing here: 'colour'"),
        ({"name": ""}, "name must be a text of 1 to 60"),
        ({"name": "two\nlines"}, "name must be"),
        ({"name": "x" * 61}, "name must be"),
        ({"model": "../secret"}, "model must be the name of a checkpoint"),
        ({"model": "..\\secret"}, "model must be"),
        ({"model": "a\n"}, "model must be"),
        ({"model": 5}, "model must be"),
        ({"percentile": 100.1}, "percentile must be a number from 0 to 100"),
        ({"percentile": "98"}, "percentile must be"),
        ({"percentile": True}, "percentile must be"),
        ({"percentile": None}, "percentile must be"),
        ({"threshold": -0.1}, "threshold must be a number from 0 to 1, or null"),
        ({"reference": ["simulated"]}, "reference must be the name of a healthy cohort"),
        ({"signed": "negative"}, "signed must be one of absolute, positive"),
        ({"median_size": 4}, "median_size must be one of 1, 3, 5, 7, 9"),
        ({"median_size": 5.0}, "median_size must be"),
        ({"median_size": True}, "median_size must be"),
        ({"erosion_mm": 1e6}, "erosion_mm must be a number from 0 to 20"),
        ({"min_lesion_mm3": -1}, "min_lesion_mm3 must be"),
        ({"false_discovery": 0}, "false_discovery must be a number above 0"),
        ({"false_discovery": 51}, "false_discovery must be"),
        ({"look": "cortex"}, "look must be one of everywhere, white-matter, own-mask"),
    ],
)
def test_a_value_that_does_not_fit_is_named(changes, sentence):
    with pytest.raises(PresetError, match=sentence):
        Preset.from_json(json.dumps(record(**changes)))


@pytest.mark.parametrize("key", ["name", "model", "percentile", "threshold", "min_lesion_mm3"])
def test_a_preset_that_lacks_an_entry_is_refused_rather_than_filled_up(key):
    entries = record()
    del entries[key]
    with pytest.raises(PresetError, match=f"lacks {key}"):
        Preset.from_json(json.dumps(entries))


def test_a_preset_from_before_an_entry_was_added_means_what_it_meant():
    entries = record()
    del entries["false_discovery"], entries["look"]
    config = Preset.from_json(json.dumps(entries)).config
    assert (config.false_discovery, config.postprocess.look) == (None, "everywhere")


def test_a_preset_that_its_own_file_could_not_hold_cannot_be_made():
    with pytest.raises(PresetError, match="name"):
        Preset("n" * 61, "denoiser", DetectConfig())


@given(CONFIGS)
@settings(max_examples=60, deadline=None)
def test_the_command_line_gives_back_the_same_setting(config):
    line = command_line(INTENSITY, config)
    if config.postprocess.look == "own-mask":  # said by its file, which a detection names
        assert "--look" not in line
        line += " --look-mask mine.nii"
    checkpoint, again = chosen_setting(parsed(line))
    assert (checkpoint.name, again) == ("intensity", config)


@pytest.mark.parametrize("slab", [None, PAPER_SLAB, WHOLE_BRAIN])
@pytest.mark.parametrize("strip", [None, True, False])
@pytest.mark.parametrize("register", [None, True, False])
@pytest.mark.parametrize("series", [None, 3])
def test_the_command_line_gives_back_the_same_preprocessing(slab, strip, register, series):
    prepare_options = PrepareOptions(slab, strip, register, series=series)
    assert chosen_options(parsed(command_line(INTENSITY, DetectConfig(), prepare_options))) == prepare_options


def test_only_what_differs_from_the_defaults_is_named():
    start = "python -m uad_core detect YOUR_SCAN.nii.gz --out results --model intensity"
    usual = DetectConfig(postprocess=PostprocessConfig(INTENSITY.spec.signed))
    assert command_line(INTENSITY, usual) == start
    assert command_line(INTENSITY, replace(usual, percentile=99.0)) == f"{start} --percentile 99"
    assert command_line(INTENSITY, PRESET.config) == (
        f"{start} --percentile 99.5 --reference simulated --signed absolute --median-size 3 --erosion-mm 0.5 "
        "--min-lesion-mm3 20 --look white-matter"
    )


def test_the_command_line_names_no_file_of_the_users():
    command = command_line(
        INTENSITY, DetectConfig(), PrepareOptions(brain_mask=Path("/home/CANARY/mask.nii.gz"), atlas=Path("CANARY.nii"))
    )
    assert "CANARY" not in command
    assert command.endswith("--brain-mask YOUR_BRAIN_MASK.nii.gz --atlas YOUR_ATLAS.nii.gz")


def test_levels_that_the_command_line_has_no_name_for_are_an_error():
    with pytest.raises(ValueError, match="axial levels"):
        command_line(INTENSITY, DetectConfig(), PrepareOptions(slab=Slab(3, 4)))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(PRESET.to_json())
    return path


def with_preset(file: Path, more: str = ""):
    return chosen_setting(parsed(f"python -m uad_core detect scan.nii --out out --preset {file} {more}"))


def test_the_same_preset_file_works_on_the_command_line(file):
    checkpoint, config = with_preset(file)
    assert (checkpoint.name, config) == (PRESET.model, PRESET.config)


def test_options_given_beside_a_preset_win_even_where_they_name_a_default(file):
    _, config = with_preset(file, "--percentile 98 --median-size 5")
    assert config == replace(PRESET.config, percentile=98.0, postprocess=replace(OTHER, median_size=5))
    checkpoint, config = with_preset(file, "--model threshold")
    assert (checkpoint.name, config) == ("threshold", PRESET.config)


def test_a_percentile_given_beside_a_preset_replaces_its_threshold(file):
    file.write_text(replace(PRESET, config=replace(PRESET.config, threshold=0.2)).to_json())
    assert with_preset(file)[1].threshold == 0.2
    assert with_preset(file, "--percentile 97")[1] == replace(PRESET.config, percentile=97.0)


def test_without_a_preset_the_command_line_has_its_own_defaults():
    checkpoint, config = chosen_setting(parsed("python -m uad_core detect scan.nii --out out --model intensity"))
    assert config == DetectConfig(postprocess=PostprocessConfig(checkpoint.spec.signed))


def test_a_bad_preset_ends_the_command_with_a_sentence_that_names_no_file(tmp_path, capsys):
    for name, text in (("CANARY.json", "{}"), ("missing-CANARY.json", None)):
        path = tmp_path / name
        if text is not None:
            path.write_text(text)
        assert main(["detect", "scan.nii", "--out", str(tmp_path / "out"), "--preset", str(path)]) == 2
        error = capsys.readouterr().err
        assert error.startswith("uad_core: ")
        assert "CANARY" not in error


def test_a_preset_is_read_from_its_file_and_one_of_gigabytes_is_not_read_to_its_end(tmp_path, file):
    assert read_preset(file) == PRESET
    huge = tmp_path / "huge.json"
    with huge.open("wb") as sparse:
        sparse.truncate(10**10)
    with pytest.raises(PresetError, match="not a preset"):
        read_preset(huge)
