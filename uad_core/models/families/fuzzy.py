"""Fuzzy c-means on the scan's own intensities: a lesion belongs to no class of tissue, no training.

After Shiee et al., NeuroImage 49 (2010) 1524-1535 (Lesion-TOADS). Simplified: their topology constraint, statistical
atlas and second contrast are left out. Instead of a lesion class, whose centre nothing would hold in place then, there
is a noise class at one distance from every voxel (Dave, Pattern Recognition Letters 12 (1991) 657-664), which keeps the
other centres where healthy tissue is.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from uad_core.models.contract import ModelSpec
from uad_core.models.parts.scoring import ScoringModel

BINS = 512  # of intensity over [0, 1]: the means are of the histogram


@dataclass(frozen=True)
class FuzzyConfig:
    classes: int = 3  # fluid, white matter, grey matter, in the order of their brightness on FLAIR
    fuzziness: float = 2.0  # the exponent m
    iterations: int = 100  # at most
    noise_distance: float = 3.0  # of the noise class, in root mean square distances of voxels to their classes


class FuzzyMeans(ScoringModel):
    """Score: membership in the noise class where brighter than the brightest class, in [0, 1]."""

    def score(self, slices: Tensor) -> Tensor:
        config, brain = self.config, slices[slices > 0]
        if not len(brain):
            return torch.zeros_like(slices)
        counts = torch.histc(brain.float().cpu(), BINS, 0, 1).double()
        values = (torch.arange(BINS).double() + 0.5) / BINS
        values, counts = values[counts > 0], counts[counts > 0]
        limits = config.classes, config.fuzziness, config.iterations, config.noise_distance
        centres, squared = fuzzy_means(values, counts, *limits)
        noise = squared.clamp(min=1e-6).to(slices)
        bright = slices > float(centres[-1])
        distances = (slices[bright][:, None] - centres.to(slices)) ** 2
        belongs = memberships(torch.cat([distances, noise.expand(len(distances), 1)], 1), config.fuzziness)
        score = torch.zeros_like(slices)
        score[bright] = belongs[:, -1]
        return score


def memberships(squared: Tensor, fuzziness: float) -> Tensor:
    """(..., classes) squared distances -> memberships that sum to 1 (Bezdek 1981)."""
    nearness = squared.clamp(min=1e-12) ** (-1 / (fuzziness - 1))
    return nearness / nearness.sum(-1, keepdim=True)


def fuzzy_means(
    values: Tensor, counts: Tensor, classes: int, fuzziness: float, iterations: int, noise_distance: float = math.inf
) -> tuple[Tensor, Tensor]:
    """Centres (classes,), ascending, of `values` (N,) that occur `counts` (N,) times each.

    Starts at evenly spaced quantiles, so that nothing is drawn at random. What lies nearer to the noise class than to
    any centre moves none: else a large lesion would be a class. Returns its squared distance as well.
    """
    reached = counts.cumsum(0) / counts.sum()
    starts = (torch.arange(classes, dtype=values.dtype) + 0.5) / classes
    centres = values[torch.searchsorted(reached, starts).clamp(max=len(values) - 1)]
    centres = centres + 1e-6 * torch.arange(classes)  # two that start alike would stay alike
    noise = values.new_tensor(math.inf)
    for _ in range(iterations):
        squared = (values[:, None] - centres) ** 2
        belongs = memberships(torch.cat([squared, noise.expand(len(values), 1)], 1), fuzziness)[:, :classes]
        weights = counts[:, None] * belongs**fuzziness
        noise = noise_distance**2 * (weights * squared).sum() / weights.sum()
        before, centres = centres, (weights * values[:, None]).sum(0) / weights.sum(0)
        if (centres - before).abs().max() < 1e-7:
            break
    return centres.sort().values, noise


SPECS = (
    ModelSpec(
        name="fuzzy",
        config=FuzzyConfig(),
        build=FuzzyMeans,
        latent="none",
        source="after Shiee et al. 2010",
        idea="Sorts the scan's voxels into fluid, white and grey matter by fuzzy c-means; lesions belong to none.",
        weakness="Sees brightness alone, no place and no shape: bright healthy voxels are outliers as well.",
        reconstructs=False,
    ),
)
