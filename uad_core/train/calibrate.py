"""The filtered residuals of held-out healthy scans, counted."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from uad_core.models import AnomalyModel
from uad_core.models.calibration import EDGES, Calibration, Reference, ResidualHistogram
from uad_core.pipeline.median import residual_counts
from uad_core.pipeline.postprocess import MEDIAN_SIZES, SIGNS, PostprocessConfig, erode, residual
from uad_core.pipeline.reconstruct import reconstruct_slices
from uad_core.preprocess import Prepared
from uad_core.train.grey_values import GreyReferenceBuilder


def calibrate(
    model: AnomalyModel, healthy: Iterable[tuple[str, bool, Prepared]], erosion_mm: float = PostprocessConfig.erosion_mm
) -> Calibration:
    """Count the filtered residuals of held-out healthy scans, for every sign and median size.

    Args:
        healthy: (reference cohort, whether simulated, prepared scan).
    """
    scans: dict[str, int] = {}
    millilitres: dict[str, float] = {}
    simulated: dict[str, bool] = {}
    counts: dict[str, dict[tuple[str, int], np.ndarray]] = {}
    greys: dict[str, GreyReferenceBuilder] = {}
    for name, made_up, prepared in healthy:
        reconstruction = reconstruct_slices(model, prepared.array)
        inside = erode(prepared.brain_mask, erosion_mm)
        scans[name] = scans.get(name, 0) + 1
        millilitres[name] = millilitres.get(name, 0.0) + np.count_nonzero(inside) / 1000
        simulated[name] = made_up
        greys.setdefault(name, GreyReferenceBuilder()).add(prepared, erosion_mm)
        for signed in SIGNS:
            values = residual(prepared.array, reconstruction, signed)
            for size in MEDIAN_SIZES:
                seen = residual_counts(values, inside, size, EDGES)
                kept = counts.setdefault(name, {})
                kept[signed, size] = kept.get((signed, size), 0) + seen
    references = {
        name: Reference(
            simulated[name],
            scans[name],
            millilitres[name],
            {key: ResidualHistogram(c) for key, c in kept.items()},
            greys[name].intensities(),
        )
        for name, kept in counts.items()
    }
    return Calibration(erosion_mm, references)
