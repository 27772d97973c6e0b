"""How well healthy slices are reconstructed, by the model and by what needs no model."""

from collections.abc import Sequence

import numpy as np
import torch

from uad_core.models import AnomalyModel
from uad_core.pipeline.reconstruct import reconstruct_slices
from uad_core.train.distributed import Distributed

AT_ONCE = 16  # slices


def validation_error(model: AnomalyModel, slices: np.ndarray, ranks: Distributed) -> float:
    """The model's mean error on (N, 256, 256) healthy slices, NaN where it has none; the random state stays."""
    mine = slices[ranks.rank :: ranks.world]
    device = ranks.device
    total = torch.zeros(2, dtype=torch.float32, device=device)
    with torch.random.fork_rng([device] if device.type == "cuda" else []), model.as_trained():
        for first in range(0, len(mine), AT_ONCE):
            batch = torch.from_numpy(mine[first : first + AT_ONCE])[:, None]
            batch = batch.to(device, memory_format=torch.channels_last)
            with ranks.autocast():
                errors = model.validation(batch)
            total += torch.stack([errors.float().sum(), torch.tensor(float(len(batch)), device=device)])
    ranks.sum(total)
    return round(float(total[0] / total[1]), 6)


def has_validation(model: AnomalyModel, slices: np.ndarray, device: torch.device) -> bool:
    """Whether the model has an error per slice of (N, 256, 256); a search for a latent has none."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []), torch.no_grad():
        return not bool(model.validation(torch.from_numpy(slices[:1])[:, None].to(device)).isnan().any())


def healthy_l1(model: AnomalyModel, slices: np.ndarray) -> float:
    """Mean |x - x_hat| per pixel of the model's real reconstructions of (N, 256, 256) held-out healthy slices."""
    batches = [slices[first : first + AT_ONCE] for first in range(0, len(slices), AT_ONCE)]
    sums = [float(np.abs(batch - reconstruct_slices(model, batch)).mean(axis=(1, 2)).sum()) for batch in batches]
    return round(sum(sums) / len(slices), 6)


def trivial_l1(
    learn: Sequence[np.ndarray], learn_levels: Sequence[np.ndarray], slices: np.ndarray, levels: np.ndarray
) -> float:
    """The same when each slice is reconstructed as the voxelwise median training slice of its level, whatever it shows.

    A model that does no better has learnt nothing about the person before it. Where no training slice has the level,
    the nearest level that has one is taken.
    """
    known = np.concatenate(list(learn_levels))
    total = 0.0
    for level in np.unique(levels):
        near = known[np.argmin(np.abs(known - level))]
        group = np.concatenate([array[where == near] for array, where in zip(learn, learn_levels, strict=True)])
        median = np.median(group.astype(np.float32), axis=0)
        total += float(np.abs(slices[levels == level] - median).mean(axis=(1, 2)).sum())
    return round(total / len(slices), 6)
