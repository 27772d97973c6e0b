"""A detection's setting under a name, as a small file; and any setting as a command line.

A preset holds the whole setting, so that it means the same when the defaults change. It says nothing about a scan.
"""

import json
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from uad_core.atlas.space import slab_name
from uad_core.io import command_words
from uad_core.io.command_words import as_words, changed
from uad_core.io.schema import Entry, misfit, number, one_of, text
from uad_core.io.sealed import SEAL, DamagedRecordError, is_whole, read_record, sealed
from uad_core.io.text import read_bounded
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.postprocess import (
    LOOKS,
    MEDIAN_SIZES,
    MOST_EROSION_MM,
    MOST_LESION_MM3,
    SIGNS,
    PostprocessConfig,
)
from uad_core.pipeline.segment import HIGHEST_RATE, DetectConfig
from uad_core.preprocess.from_file import STEPS, PrepareOptions

FORMAT = "uad_core preset"
VERSION = 1  # of the format; one that is not known is refused
MOST_BYTES = 10_000  # a preset has some 300


class PresetError(ValueError):
    """A preset that cannot be used; the text is a sentence for the user."""


ENTRIES = {
    "name": text(60),
    "model": Entry(lambda value: isinstance(value, str) and bool(re.fullmatch(r"\w[\w.-]{0,99}", value)),
                   "the name of a checkpoint: letters, digits, hyphens and dots"),
    "percentile": number(0, 100),
    "threshold": number(0, 1).or_null(),
    "reference": Entry(text(100).fits, "the name of a healthy cohort").or_null(),
    "signed": one_of(SIGNS),
    "median_size": one_of(MEDIAN_SIZES),
    "erosion_mm": number(0, MOST_EROSION_MM),
    "min_lesion_mm3": number(0, MOST_LESION_MM3),
    "false_discovery": Entry(lambda value: number(0, HIGHEST_RATE).fits(value) and value > 0,
                             f"a number above 0 and up to {HIGHEST_RATE}").or_null(),
    "look": one_of(LOOKS),
}  # fmt: skip
ADDED = {"false_discovery": None, "look": "everywhere"}  # what a preset from before these entries means


@dataclass(frozen=True)
class Preset:
    """A named setting: `model` is a checkpoint's name. Raises PresetError for values that its file may not hold."""

    name: str
    model: str
    config: DetectConfig

    def __post_init__(self) -> None:
        _check(self._entries())

    def _entries(self) -> dict[str, Any]:
        setting = asdict(self.config)
        return {"name": self.name, "model": self.model, **setting.pop("postprocess"), **setting}

    def to_json(self) -> str:
        """The file's text: one entry a line, in the order of `ENTRIES`."""
        entries = self._entries()
        record = {"format": FORMAT, "version": VERSION, **{key: entries[key] for key in ENTRIES}}
        return json.dumps(sealed(record), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, content: str | bytes) -> "Preset":
        """The preset of a file's text. Raises PresetError: no preset, another version, an entry too many or wrong."""
        record = _parsed(content)
        if record.pop("version", None) != VERSION:
            raise PresetError("This preset was written for another version of the project; save it anew.")
        record = ADDED | record
        _check(record)
        post = PostprocessConfig(**{field.name: record[field.name] for field in fields(PostprocessConfig)})
        own = ("percentile", "threshold", "reference", "false_discovery")
        config = DetectConfig(**{name: record[name] for name in own}, postprocess=post)
        return cls(record["name"], record["model"], config)


def read_preset(path: Path) -> Preset:
    """The preset in a file. Raises PresetError, or OSError where the file cannot be read."""
    return Preset.from_json(read_bounded(path, MOST_BYTES))


def _parsed(content: str | bytes) -> dict[str, Any]:
    """The entries of what says that it is a preset."""
    wrong = PresetError("This file is not a preset. A preset is saved on the Detect page.")
    if len(content) > MOST_BYTES:
        raise wrong
    try:
        record = read_record(content)
    except DamagedRecordError:
        raise wrong from None
    if record.pop("format", None) != FORMAT:
        raise wrong
    if not is_whole(record | {"format": FORMAT}):
        changed_since = "This preset is damaged, or was changed after it was saved."
        raise PresetError(f"{changed_since} Save it anew on the Detect page, or take out the line {SEAL}.")
    record.pop(SEAL, None)
    return record


def _check(entries: dict[str, Any]) -> None:
    unknown, missing = sorted(entries.keys() - ENTRIES), sorted(ENTRIES.keys() - entries)
    if unknown:
        raise PresetError(f"This preset has an entry that means nothing here: {unknown[0][:40]!r}.")
    if missing:
        raise PresetError(f"This preset lacks {', '.join(missing)}.")
    if wrong := misfit(entries, ENTRIES):
        raise PresetError(f"In this preset {wrong}.")


def usual_config(checkpoint: Checkpoint) -> DetectConfig:
    """The defaults, with the percentile and the residual that suit the model."""
    return DetectConfig(checkpoint.spec.percentile, postprocess=PostprocessConfig(signed=checkpoint.spec.signed))


def command_line(
    checkpoint: Checkpoint, config: DetectConfig, prepare_options: PrepareOptions | None = None, by_hand: bool = False
) -> str:
    """`python -m uad_core detect` with this setting: the model, and what differs from the defaults.

    It names no file of the user's: words in capitals stand in place of them. `by_hand`: the mask was corrected. Raises
    ValueError: `prepare_options` has axial levels that the command line has no name for.
    """
    usual = usual_config(checkpoint)
    options: dict[str, object] = {"out": "results", "model": checkpoint.name}
    options |= changed(config, usual) | changed(config.postprocess, usual.postprocess)
    options.pop("postprocess", None)
    prepare = prepare_options or PrepareOptions()
    options |= {"slab": slab_name(prepare.slab) if prepare.slab else None}
    options["series"] = prepare.series
    for step in STEPS:
        choice = getattr(prepare, step)
        options |= {step: choice, f"no_{step}": choice is False}
    if options.get("look") == "own-mask":
        options.pop("look")  # the file says it
    for file in ("brain_mask", "look_mask", "atlas"):
        options[file] = f"YOUR_{file.upper()}.nii.gz" if getattr(prepare, file) else None
    options["edits"] = "YOUR_CORRECTED_mask.json" if by_hand else None
    return command_words.command_line("detect", ["YOUR_SCAN.nii.gz", *as_words(options)])
