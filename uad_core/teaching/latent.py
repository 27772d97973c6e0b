"""Walks through a latent space: what lies between two slices, as the model sees it.

A model without codes, fewer than 2 steps, or fewer than 2 slices to take a spread of are a ValueError.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from uad_core.models import AnomalyModel
from uad_core.models.families.adversarial import AdversarialAutoencoder
from uad_core.models.families.autoencoder import Autoencoder
from uad_core.models.families.variational import VariationalAutoencoder

JUDGED, ALIKE = 8, 0.7  # samples that are looked at, and the least correlation of a brain with the mean of brains


def can_walk(model: AnomalyModel) -> bool:
    """Whether the model has codes to walk between: an encoder and a decoder with a bottleneck between them."""
    return isinstance(model, (Autoencoder, AdversarialAutoencoder))


def walk(model: AnomalyModel, start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Slices decoded along the straight line between the codes of two, the means of a VAE: (steps, H, W) float32.

    Args:
        start: (H, W) float32 slice in [0, 1]; the first picture is what the model reconstructs of it.
        end: likewise the last.
        steps: pictures, both ends among them.
    """
    if steps < 2:
        raise ValueError(f"a walk has at least 2 steps, got {steps}")
    encode, decode = _coder(model)
    with model.as_trained():
        first, last = encode(_batch(model, np.stack([start, end])))
        share = torch.linspace(0, 1, steps, device=first.device).reshape(-1, *[1] * first.ndim)
        return _pictures(decode(first + share * (last - first)))


def axis_walk(model: AnomalyModel, slices: np.ndarray, steps: int) -> np.ndarray:
    """Slices decoded along the main direction in which the codes of (B, H, W) `slices` differ: (steps, H, W) float32.

    From -2 to 2 standard deviations around their mean: their first principal component.
    """
    if steps < 2 or len(slices) < 2:
        raise ValueError("a direction needs at least 2 slices, and a walk at least 2 steps")
    _, decode = _coder(model)
    with model.as_trained():
        codes = _codes(model, slices)
        middle = codes.mean(0, keepdim=True)
        _, spread, directions = torch.linalg.svd((codes - middle).flatten(1), full_matrices=False)
        one_sd = (directions[0] * spread[0] / (len(slices) - 1) ** 0.5).reshape(middle.shape)
        sds = torch.linspace(-2, 2, steps, device=codes.device).reshape(-1, *[1] * (codes.ndim - 1))
        return _pictures(decode(middle + sds * one_sd))


def sample_near(model: AnomalyModel, slices: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Slices decoded from where the codes of (B, H, W) `slices` lie, not from the prior: (count, H, W) float32.

    Each number of a code is drawn from a normal distribution with its own mean and standard deviation over them.
    """
    if len(slices) < 2:
        raise ValueError("a spread needs at least 2 slices")
    _, decode = _coder(model)
    with model.as_trained():
        codes = _codes(model, slices)
        noise = torch.randn((count, *codes.shape[1:]), generator=torch.Generator().manual_seed(seed))
        return _pictures(decode(codes.mean(0) + codes.std(0) * noise.to(codes.device)))


def draws_brains(model: AnomalyModel, slices: np.ndarray) -> bool:
    """Whether what a model draws from its prior looks like the (B, H, W) `slices` of a brain at all.

    So where each sample correlates with their mean better than `ALIKE`: brains of other people do with .8 and more.
    """
    drawn, mean = _pictures(model.sample(JUDGED, 0)), slices.mean(axis=0).ravel()
    return all(one.std() > 0 and np.corrcoef(one.ravel(), mean)[0, 1] > ALIKE for one in drawn)


def fade(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """What a walk is to be held against: one (H, W) slice fading into the other, (steps, H, W) float32."""
    share = np.linspace(0, 1, steps, dtype=np.float32)[:, None, None]
    return start + share * (end - start)


def _coder(model: AnomalyModel) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
    """Slices to codes, and codes to slices."""
    plain = model.autoencoder if isinstance(model, AdversarialAutoencoder) else model
    if isinstance(plain, VariationalAutoencoder):
        return lambda slices: plain.encode(slices)[0], plain.decoder
    if isinstance(plain, Autoencoder):
        return plain.encoder, plain.decoder
    raise ValueError("This model has no codes to walk between; take an autoencoder or a VAE.")


def _codes(model: AnomalyModel, slices: np.ndarray, at_once: int = 8) -> Tensor:
    """The codes of (B, H, W) slices, a few at a time."""
    encode, _ = _coder(model)
    parts = [slices[first : first + at_once] for first in range(0, len(slices), at_once)]
    return torch.cat([encode(_batch(model, part)) for part in parts])


def _batch(model: AnomalyModel, slices: np.ndarray) -> Tensor:
    """(B, H, W) float32 as the model takes it; a copy, since prepared scans are read-only."""
    return torch.tensor(slices)[:, None].to(next(model.parameters()).device)


def _pictures(batch: Tensor) -> np.ndarray:
    return batch[:, 0].float().cpu().numpy()
