"""The regions of a mask as a table that any program reads, and what its columns mean."""

from collections.abc import Sequence
from typing import Any

from uad_core.atlas.location import NAMED, ONE_SIDED, OUTSIDE, PERIVENTRICULAR, PERIVENTRICULAR_MM
from uad_core.atlas.space import Slab
from uad_core.atlas.template import TISSUES
from uad_core.pipeline.edits import BY_HAND
from uad_core.pipeline.lesions import Lesion

COLUMNS: dict[str, dict[str, Any]] = {  # in their order; the values are BIDS's terms for a sidecar
    "index": {"Description": "Number of the region, 1 is the largest."},
    "name": {"Description": "Name of the region."},
    "volume_mm3": {"Description": "Volume in the patient's brain.", "Units": "mm^3"},
    "x_mm": {"Description": "Centre in the scan's own world, to the patient's right.", "Units": "mm"},
    "y_mm": {"Description": "Centre in the scan's own world, to anterior.", "Units": "mm"},
    "z_mm": {"Description": "Centre in the scan's own world, to superior.", "Units": "mm"},
    "peak_residual": {"Description": "Largest residual, not filtered, in normalised intensity."},
    "place": {
        "Description": "Where more of the region lies than anywhere else, in the template, to which the scan was "
        "registered by an affine transform.",
        "Levels": {
            **dict.fromkeys(TISSUES.values(), "tissue of the template"),
            PERIVENTRICULAR: f"white matter, and the region comes within {PERIVENTRICULAR_MM:g} mm of the ventricles",
            OUTSIDE: "no tissue of the template",
        },
    },
    "side": {
        "Description": "The patient's side of the template's midline.",
        "Levels": dict.fromkeys(("left", "right"), f"at least {ONE_SIDED:.0%} of the region") | {"both": "neither"},
    },
    "tissues": {
        "Description": f"The template's tissues that hold at least {NAMED:.0%} of the region, with their shares."
    },
    "by_hand": {
        "Description": "What a hand had to do with the region.",
        "Levels": dict(
            zip(BY_HAND, ("nothing", "voxels of it were added or taken away", "all of it was drawn"), strict=True)
        ),
    },
}

REGION_COLUMNS = ("#", "mm³", "place", "side", "level", "centre, mm", "peak")  # of a table to read


def lesion_table(lesions: Sequence[Lesion]) -> str:
    """Tab-separated, one row a lesion, largest first; `index` and `name` as BIDS asks of a look-up table."""
    rows: list[tuple[object, ...]] = [tuple(COLUMNS)]
    rows += map(lesion_values, lesions)
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


def lesion_values(lesion: Lesion) -> tuple[str | float, ...]:
    """Of a region, in the order of `COLUMNS`."""
    numbers = (lesion.volume_mm3, *lesion.centre_mm, round(lesion.peak_residual, 4))
    words = (lesion.place, lesion.side, lesion.tissues, lesion.by_hand)
    return (lesion.number, f"lesion {lesion.number}", *numbers, *words)


def region_rows(lesions: Sequence[Lesion], slab: Slab) -> list[dict[str, str | float]]:
    """For a reader: `REGION_COLUMNS` of each lesion, numbers rounded. The level is that of its centre, in mm."""
    rows: list[dict[str, str | float]] = []
    for lesion in lesions:
        level, peak = slab.levels[lesion.centre_voxel[0]], round(lesion.peak_residual, 3)
        centre = ", ".join(str(round(value)) for value in lesion.centre_mm).replace("-", "\N{MINUS SIGN}")
        tissues = lesion.tissues + ("" if lesion.by_hand == "no" else f" ({lesion.by_hand} by hand)")
        values = (lesion.number, round(lesion.volume_mm3), tissues, lesion.side, level, centre, peak)
        rows.append(dict(zip(REGION_COLUMNS, values, strict=True)))
    return rows
