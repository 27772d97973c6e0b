"""A checkpoint's description, NAME.json, checked before anything is made of it."""

from collections.abc import Mapping
from typing import Any

from uad_core.atlas.space import ATLAS_SHAPE
from uad_core.io.schema import Entry, list_of, mapping, misfit, number, one_of, text, truth, whole
from uad_core.models import MODELS

LEVEL = whole(0, ATLAS_SHAPE[0] - 1)
MANY = 10**6
DESCRIPTION = {
    "model": one_of(MODELS),
    "config": mapping(),
    "slab": mapping(),
    "sha256": Entry(lambda value: isinstance(value, str) and len(value) == 64, "a sha256 of 64 characters"),
    "calibration": mapping(),
}
OPTIONAL = {
    "learned": truth().or_null(),
    "trained_on": list_of(mapping(), 1000),
    "command": Entry(lambda value: isinstance(value, str), "a text"),
}
SLAB = {"first": LEVEL, "count": whole(1, ATLAS_SHAPE[0])}
COHORT = {"cohort": text(1000), "subjects": list_of(text(1000), MANY)}
CALIBRATION = {"erosion_mm": number(0, 20), "references": mapping()}
REFERENCE = {
    "simulated": truth(),
    "scans": whole(1, MANY),
    "millilitres": number(0, 1e9),
    "histograms": mapping(),
}
GREYS = {"mean": text(10_000), "distances": Entry(lambda value: isinstance(value, str), "a text"),
         "levels": list_of(LEVEL, 2)}  # fmt: skip


def misfit_of(record: Mapping[str, Any]) -> str | None:
    """What is missing in a checkpoint's description or has no meaning there, as "KEY must be ..."; else None."""
    found = misfit(record, DESCRIPTION) or misfit(record["slab"], SLAB)
    found = found or misfit(record, {key: entry for key, entry in OPTIONAL.items() if key in record})
    found = found or misfit(record["calibration"], CALIBRATION)
    if found:
        return found
    for cohort in record.get("trained_on", []):
        found = found or misfit(cohort, COHORT)
    for reference in record["calibration"]["references"].values():
        found = found or (misfit(reference, REFERENCE) if isinstance(reference, dict) else "references must be objects")
        if not found and (greys := reference.get("intensities")):
            found = misfit(greys, GREYS) if isinstance(greys, dict) else "intensities must be an object"
    return found or _misfit_of_config(record["model"], record["config"])


def _misfit_of_config(model: str, config: Mapping[str, Any]) -> str | None:
    """A setting whose value is of another kind than the model's own, or beyond all reason."""
    known = vars(MODELS[model].config)
    for key, value in config.items():
        if key in known and not _is_alike(value, known[key]):
            return f"{key} must be a value such as {known[key]}"
    return None


def _is_alike(value: Any, usual: Any) -> bool:
    if isinstance(usual, tuple):
        if not isinstance(value, list | tuple) or len(value) > 64:
            return False
        return all(_is_alike(one, usual[0]) for one in value) if usual else not value
    if isinstance(usual, bool | str):
        return type(value) is type(usual)
    if isinstance(usual, int):
        return whole(-MANY if usual < 0 else 0, MANY).fits(value)  # levels beside a slice lie below it, too
    return value is None or number(-1e9, 1e9).fits(value) or usual is None
