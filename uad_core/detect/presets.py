"""A detection's setting under a name, as a small file; and any setting as a command line.

A preset holds the whole setting, so that it means the same when the defaults change. It says nothing about a scan.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from uad_core.atlas.space import slab_name
from uad_core.io import command_words
from uad_core.io.command_words import as_words, changed
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.postprocess import LOOKS, MEDIAN_SIZES, SIGNS, PostprocessConfig
from uad_core.pipeline.segment import DetectConfig
from uad_core.preprocess.from_file import STEPS, PrepareOptions

FORMAT = "uad_core preset"
VERSION = 1  # of the format; one that is not known is refused
MOST_BYTES = 10_000  # a preset has some 300


class PresetError(ValueError):
    """A preset that cannot be used; the text is a sentence for the user."""


def _number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _text(most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value.isprintable() and 0 < len(value.strip()) <= len(value) <= most


# entry -> test of its value, and what it has to be. Wider than the app's sliders, and narrower than what a
# computer could not bear: an erosion by a metre asks for gigabytes.
ENTRIES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (_text(60), "a text of 1 to 60 printable characters"),
    "model": (lambda value: isinstance(value, str) and bool(re.fullmatch(r"\w[\w.-]{0,99}", value)),
              "the name of a checkpoint: letters, digits, hyphens and dots"),
    "percentile": (_number(0, 100), "a number from 0 to 100"),
    "threshold": (lambda value: value is None or _number(0, 1)(value), "a number from 0 to 1, or null"),
    "reference": (lambda value: value is None or _text(100)(value), "the name of a healthy cohort, or null"),
    "signed": (lambda value: isinstance(value, str) and value in SIGNS, f"one of {', '.join(SIGNS)}"),
    "median_size": (lambda value: type(value) is int and value in MEDIAN_SIZES,
                    f"one of {', '.join(map(str, MEDIAN_SIZES))}"),
    "erosion_mm": (_number(0, 20), "a number from 0 to 20"),
    "min_lesion_mm3": (_number(0, 100_000), "a number from 0 to 100000"),
    "false_discovery": (lambda value: value is None or (_number(0, 50)(value) and value > 0),
                        "a number above 0 and up to 50, or null"),
    "look": (lambda value: isinstance(value, str) and value in LOOKS, f"one of {', '.join(LOOKS)}"),
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
        return json.dumps(record, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> "Preset":
        """The preset of a file's text. Raises PresetError: no preset, another version, an entry too many or wrong."""
        record = _parsed(text)
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
    with path.open("rb") as file:
        return Preset.from_json(file.read(MOST_BYTES + 1))


def _parsed(text: str | bytes) -> dict[str, Any]:
    """The entries of what says that it is a preset."""
    wrong = PresetError("This file is not a preset. A preset is saved on the Detect page.")
    if len(text) > MOST_BYTES:
        raise wrong
    try:
        record = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, PresetError) else wrong from None
    if not isinstance(record, dict) or record.pop("format", None) != FORMAT:
        raise wrong
    return record


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise PresetError("This preset has an entry twice; it is not clear which one counts.")
    return record


def _check(entries: dict[str, Any]) -> None:
    unknown, missing = sorted(entries.keys() - ENTRIES), sorted(ENTRIES.keys() - entries)
    if unknown:
        raise PresetError(f"This preset has an entry that means nothing here: {unknown[0][:40]!r}.")
    if missing:
        raise PresetError(f"This preset lacks {', '.join(missing)}.")
    for key, (fits, wanted) in ENTRIES.items():
        if not fits(entries[key]):
            raise PresetError(f"In this preset {key} must be {wanted}.")


def command_line(checkpoint: Checkpoint, config: DetectConfig, prepare_options: PrepareOptions | None = None) -> str:
    """`python -m uad_core detect` with this setting: the model, and what differs from the defaults.

    It names no file of the user's: words in capitals stand in place of them. Raises ValueError: `prepare_options` has
    axial levels that the command line has no name for.
    """
    usual = DetectConfig(postprocess=PostprocessConfig(signed=checkpoint.spec.signed))
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
    return command_words.command_line("detect", ["YOUR_SCAN.nii.gz", *as_words(options)])
