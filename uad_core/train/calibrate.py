"""The filtered residuals of held-out healthy scans, counted."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from uad_core.models import AnomalyModel
from uad_core.models.calibration import EDGES, Calibration, Reference, ResidualHistogram
from uad_core.models.grey_reference import GreyReference
from uad_core.pipeline.median import residual_counts
from uad_core.pipeline.postprocess import MEDIAN_SIZES, SIGNS, PostprocessConfig, anomaly_map, brain_shares, erode
from uad_core.pipeline.reconstruct import assess_slices
from uad_core.preprocess import Prepared


@dataclass
class CohortCounts:
    """What the scans of one healthy cohort have given so far."""

    simulated: bool
    scans: int = 0
    millilitres: float = 0.0
    counts: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)
    grey_shares: list[np.ndarray] = field(default_factory=list)  # one a scan that shows any brain
    levels: set[int] = field(default_factory=set)  # that show any brain

    def add(self, prepared: Prepared, model: AnomalyModel, erosion_mm: float) -> None:
        """Count one more scan."""
        inside, levels = erode(prepared.brain_mask, erosion_mm), np.array(prepared.slab.levels)
        self.scans += 1
        self.millilitres += np.count_nonzero(inside) / 1000
        shares = brain_shares(prepared, (int(levels[0]), int(levels[-1])), erosion_mm)
        if shares is not None:
            self.grey_shares.append(shares)
            self.levels |= set(levels[prepared.brain_mask.any(axis=(1, 2))].tolist())
        assessed = assess_slices(model, prepared.array)
        for signed in SIGNS:
            values = anomaly_map(prepared.array, *assessed, signed)
            for size in MEDIAN_SIZES:
                seen = residual_counts(values, inside, size, EDGES)
                self.counts[signed, size] = self.counts.get((signed, size), 0) + seen

    def reference(self) -> Reference:
        histograms = {key: ResidualHistogram(counts) for key, counts in self.counts.items()}
        greys = GreyReference.of(self.grey_shares, (min(self.levels), max(self.levels)))
        return Reference(self.simulated, self.scans, self.millilitres, histograms, greys)


def calibrate(
    model: AnomalyModel, healthy: Iterable[tuple[str, bool, Prepared]], erosion_mm: float = PostprocessConfig.erosion_mm
) -> Calibration:
    """Count the residuals of held-out (cohort, whether simulated, scan), filtered, for every sign and median size."""
    cohorts: dict[str, CohortCounts] = {}
    for name, simulated, prepared in healthy:
        counts = cohorts.setdefault(name, CohortCounts(simulated))
        counts.add(prepared, model, erosion_mm)
    return Calibration(erosion_mm, {name: counts.reference() for name, counts in cohorts.items()})
