"""The setting of a detection in the query of an address, checked as that of a preset is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from uad_core.atlas.space import SLABS
from uad_core.detect.presets import ENTRIES, usual_config
from uad_core.doors.one_scan import Setting
from uad_core.io.paths import CHECKPOINTS
from uad_core.io.schema import misfit
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import load_checkpoint
from uad_core.pipeline.postprocess import LOOKS_WITHOUT_MASK, SIGNS
from uad_core.preprocess.from_file import PrepareOptions

NUMBERS = ("percentile", "threshold", "false_discovery", "erosion_mm", "min_lesion_mm3", "median_size")
WHERE = LOOKS_WITHOUT_MASK  # a mask of one's own cannot be sent
TEXTS = {"model": None, "slab": tuple(SLABS), "signed": SIGNS, "look": WHERE}
OF_POSTPROCESS = ("erosion_mm", "min_lesion_mm3", "median_size", "signed", "look")


def setting_of(query: Mapping[str, str]) -> Setting:
    """What the query asks for, else the defaults. Raises ValueError with a sentence, and CheckpointError."""
    if unknown := sorted({*query} - {*NUMBERS, *TEXTS}):
        raise ValueError(f"There is no setting {unknown[0][:40]!r}; there are: {', '.join((*TEXTS, *NUMBERS))}.")
    given: dict[str, Any] = {name: _number(name, text) if name in NUMBERS else text for name, text in query.items()}
    for name, known in TEXTS.items():
        if known and given.get(name, known[0]) not in known:
            raise ValueError(f"The setting {name} must be one of {', '.join(known)}.")
    if wrong := misfit(given, {name: ENTRIES[name] for name in given if name in ENTRIES}):
        raise ValueError(f"Of the setting, {wrong}.")
    checkpoint = load_checkpoint(given.pop("model", STRONGEST))
    slab = SLABS[given.pop("slab")] if "slab" in given else None
    config = usual_config(checkpoint)
    post = replace(config.postprocess, **{name: given.pop(name) for name in OF_POSTPROCESS if name in given})
    config = replace(config, **given, postprocess=post)
    return Setting(checkpoint.name, CHECKPOINTS, checkpoint.identity, config, PrepareOptions(slab))


def _number(name: str, text: str) -> float | int:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"The setting {name} must be a number.") from None
    return int(value) if name == "median_size" and value.is_integer() else value
