"""The residuals of healthy scans: a percentile becomes a threshold by look-up, and back.

The paper takes "the 98th percentile of the model's reconstruction errors on the training dataset". Here the healthy
scans are held out of training, and their residuals go through the same chain as at test time (median, eroded brain
mask): a percentile of raw residuals says nothing about filtered ones. Real and simulated healthy scans differ, so each
reference cohort keeps its own distribution. One of single slices had a median in plane alone: `Reference.of_slices`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from uad_core.models.grey_reference import GreyReference

SLICE_ML = 40.0  # a brain's slice of 1 mm has less, the slab of 20 has more
BINS = 2000  # over [0, 1], the range of a normalised scan and so of its residual
EDGES = np.linspace(0, 1, BINS + 1)


@dataclass(frozen=True, eq=False)
class ResidualHistogram:
    """Healthy voxels counted by filtered residual; bin k covers (EDGES[k], EDGES[k + 1]], bin 0 also 0."""

    counts: np.ndarray  # (BINS,) int64, not all zero

    def __post_init__(self) -> None:
        if self.counts.shape != (BINS,) or self.counts.sum() == 0 or self.counts.min() < 0:
            raise ValueError(f"a residual histogram needs {BINS} counts of at least one healthy voxel")

    @property
    def voxels(self) -> int:
        return int(self.counts.sum())

    def threshold(self, percentile: float) -> float:
        """The residual below which `percentile` (0 to 100) per cent of the healthy voxels lie."""
        if not 0 <= percentile <= 100:
            raise ValueError(f"percentile must lie in [0, 100], got {percentile}")
        edges, reached = self._distribution()
        return float(np.interp(percentile / 100 * self.voxels, reached, edges))

    def percentile(self, threshold: float) -> float:
        """Per cent of the healthy voxels that lie below `threshold`; the inverse of `threshold`."""
        edges, reached = self._distribution()
        return float(np.interp(threshold, edges, reached) / self.voxels * 100)

    def discovery_threshold(self, counts: np.ndarray, rate: float) -> float:
        """The lowest threshold at which at most `rate` (0 to 1) of a scan's flagged voxels are false, on average.

        Benjamini and Hochberg, J R Stat Soc B 57 (1995) 289, with the p-value of a voxel by its rank among the N
        healthy ones, (1 + those above it) / (1 + N) (conformal: Bates et al., Ann Stat 51 (2023) 149). It holds as far
        as the scan's healthy voxels are exchangeable with the reference's; neighbours resemble each other, which the
        procedure bears as long as they do so alike. `counts`: (BINS,) voxels of the scan in the same bins. 1, above
        which nothing lies, where no threshold will do.
        """
        if not 0 < rate < 1:
            raise ValueError(f"a false-discovery rate must lie between 0 and 1, got {rate}")
        passed = np.flatnonzero(self._false_shares(counts) <= rate)
        return float(EDGES[passed[0]]) if passed.size else 1.0

    def lowest_discovery_rate(self, counts: np.ndarray, threshold: float) -> float:
        """The rate (above 0) from which `discovery_threshold` flags a voxel above `threshold`; infinite: none does."""
        shares: np.ndarray = self._false_shares(counts)[EDGES[:-1] >= threshold]
        return float(shares.min(initial=np.inf))

    def profile(self, edges: tuple[float, ...]) -> np.ndarray:
        """Share of the healthy voxels in each bin of other `edges`: (len(edges) - 1,); the ends take the rest."""
        below = np.array([self.percentile(edge) / 100 for edge in edges])
        below[0], below[-1] = 0, 1
        return np.diff(below)

    def _false_shares(self, counts: np.ndarray) -> np.ndarray:
        """(BINS,) share of a scan's voxels above EDGES[k] that a healthy one would show; infinite: none lies above."""
        healthy, found = (np.cumsum(part[::-1])[::-1] for part in (self.counts, counts))
        expected = (1 + healthy) / (1 + self.voxels) * counts.sum()
        return np.divide(expected, found, out=np.full(BINS, np.inf), where=found > 0)

    def _distribution(self) -> tuple[np.ndarray, np.ndarray]:
        """Bin edges up to the largest residual seen, and the number of voxels below each."""
        last = int(np.flatnonzero(self.counts)[-1]) + 1
        return EDGES[: last + 1], np.concatenate([[0], np.cumsum(self.counts[:last])])


@dataclass(frozen=True, eq=False)
class Reference:
    """What the healthy scans of one cohort gave."""

    simulated: bool
    scans: int  # how many scans, or single slices, it holds
    millilitres: float  # brain volume that was looked at, within the eroded masks
    histograms: Mapping[tuple[str, int], ResidualHistogram]  # (sign, median size) -> of the filtered residual
    intensities: GreyReference | None = None  # the scans' own; None for checkpoints from before they were kept

    @property
    def of_slices(self) -> bool:
        """Whether its scans were single slices, whose median has no third dimension.

        In a volume it has: fewer healthy voxels then lie above a threshold than its percentile says.
        """
        return self.millilitres < SLICE_ML * self.scans


@dataclass(frozen=True, eq=False)
class Calibration:
    """The healthy references of a checkpoint."""

    erosion_mm: float  # of the brain masks within which voxels were counted
    references: Mapping[str, Reference]  # cohort name -> distributions

    @property
    def default_reference(self) -> str:
        """Real scans if there are any: a threshold from simulated scans is too low for real ones."""
        return min(self.references, key=lambda name: (self.references[name].simulated, name))

    def histogram(self, signed: str, median_size: int, reference: str | None = None) -> ResidualHistogram:
        """The healthy distribution for one postprocessing. Raises ValueError for an unknown reference."""
        name = reference or self.default_reference
        if name not in self.references:
            raise ValueError(f"no healthy reference {name!r}; there are: {', '.join(self.references)}")
        return self.references[name].histograms[signed, median_size]

    def to_json(self) -> dict[str, Any]:
        return {
            "erosion_mm": self.erosion_mm,
            "bins": BINS,
            "references": {name: _reference_to_json(value) for name, value in self.references.items()},
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Calibration":
        if record["bins"] != BINS:
            raise ValueError(f"the calibration has {record['bins']} bins, {BINS} are needed")
        references = {name: _reference_from_json(value) for name, value in record["references"].items()}
        return cls(record["erosion_mm"], references)


def _reference_to_json(reference: Reference) -> dict[str, Any]:
    histograms = {
        f"{signed} {size}": " ".join(map(str, np.trim_zeros(histogram.counts, "b")))  # one line in the file
        for (signed, size), histogram in reference.histograms.items()
    }
    return {
        "simulated": reference.simulated,
        "scans": reference.scans,
        "millilitres": round(reference.millilitres, 3),
        "histograms": histograms,
        "intensities": reference.intensities.to_json() if reference.intensities else None,
    }


def _reference_from_json(record: Mapping[str, Any]) -> Reference:
    histograms: dict[tuple[str, int], ResidualHistogram] = {}
    for key, kept in record["histograms"].items():
        signed, size = key.split()
        counts = np.array(kept.split(), np.int64)
        if (counts < 0).any():
            raise ValueError("a histogram counts no voxels less than 0")
        histograms[signed, int(size)] = ResidualHistogram(np.pad(counts, (0, BINS - len(counts))))
    kept = record.get("intensities")
    intensities = GreyReference.from_json(kept) if kept else None
    return Reference(record["simulated"], record["scans"], record["millilitres"], histograms, intensities)
