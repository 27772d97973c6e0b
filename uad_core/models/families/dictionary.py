"""Dictionary learning and sparse coding: patches from a few healthy atoms (Weiss et al., MICCAI 2013).

Simplified: one dictionary is learnt from healthy scans and kept, patches are 2-D and of FLAIR alone. The brightness of
a patch is not taken off before coding, and no atom gets more weight than healthy patches give it: without either, any
brightness would be reconstructed exactly, an even bright patch being only an even healthy one, stronger.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from uad_core.models.contract import AnomalyModel, ModelSpec
from uad_core.models.parts.patches import patches_of, reconstruct_patches


@dataclass(frozen=True)
class DictionaryConfig:
    edge_px: int = 8  # of a patch
    stride_px: int = 2  # between overlapping patches that are averaged
    atoms: int = 128
    nonzero: int = 3  # atoms a patch at most
    weight_quantile: float = 0.99  # of an atom's weights in healthy patches, [0, 1]: what it may weigh at most
    sparsity: float = 0.5  # alpha of the lasso in learning
    patches: int = 10_000  # to learn from
    passes: int = 2  # over them
    batch_patches: int = 512


class DictionaryLearning(AnomalyModel):
    """Matching pursuit of patches by `atoms`, (K, edge_px**2), which weigh `most`, (K,), at most."""

    fitted = ("atoms", "most")
    atoms: Tensor
    most: Tensor

    def __init__(self, config: DictionaryConfig) -> None:
        super().__init__(config)
        self.register_buffer("atoms", torch.randn(config.atoms, config.edge_px**2))
        self.register_buffer("most", torch.full((config.atoms,), 1e4))

    def fit(self, slices: Tensor, seed: int) -> None:
        from sklearn.decomposition import MiniBatchDictionaryLearning

        config = self.config
        patches = [patches_of(one[None], config.edge_px, stride_px=4) for one in slices]  # half a patch apart
        every = np.concatenate([p[(p > 0).float().mean(1) > 0.5].numpy() for p in patches])  # mostly brain
        rng = np.random.default_rng(seed)
        chosen = every[rng.permutation(len(every))[: config.patches]]
        sizes = {"n_components": config.atoms, "max_iter": config.passes, "batch_size": config.batch_patches}
        found = MiniBatchDictionaryLearning(**sizes, alpha=config.sparsity, random_state=seed).fit(chosen).components_
        self.atoms.copy_(torch.from_numpy(np.ascontiguousarray(found)))
        taken, weights = orthogonal_matching_pursuit(torch.from_numpy(chosen), self.atoms.cpu(), config.nonzero)
        for k in range(config.atoms):
            used = weights[taken == k].abs()
            self.most[k] = used.quantile(config.weight_quantile) if len(used) else 0.0

    def forward(self, slices: Tensor) -> Tensor:
        config, atoms, most = self.config, self.atoms.to(slices.device), self.most.to(slices.device)

        def reconstruct(patches: Tensor) -> Tensor:
            taken, weights = orthogonal_matching_pursuit(patches, atoms, config.nonzero)
            bounded = torch.minimum(torch.maximum(weights, -most[taken]), most[taken])
            return reconstruct_from_atoms(taken, bounded, atoms)

        return reconstruct_patches(slices, config.edge_px, config.stride_px, reconstruct)


def orthogonal_matching_pursuit(signals: Tensor, atoms: Tensor, nonzero: int) -> tuple[Tensor, Tensor]:
    """Which of (K, F) atoms make up (N, F) signals, (N, nonzero) indices, and their weights, of atoms of length 1.

    Orthogonal matching pursuit (Pati, Rezaiifar, Krishnaprasad 1993) for all signals at once; scikit-learn's takes them
    one by one. Atoms of length 0 get no weight.
    """
    unit = _unit(atoms)
    taken = torch.zeros(len(signals), 0, dtype=torch.long, device=signals.device)
    weights = torch.zeros(len(signals), 0, dtype=signals.dtype, device=signals.device)
    for _ in range(nonzero):
        fitting = ((signals - reconstruct_from_atoms(taken, weights, atoms)) @ unit.T).abs()
        best = fitting.scatter(1, taken, -1).argmax(1, keepdim=True)
        taken = torch.cat([taken, best], 1)
        basis = unit[taken]  # (N, n, F)
        gram = basis @ basis.mT + 1e-6 * torch.eye(taken.shape[1], dtype=signals.dtype, device=signals.device)
        weights = torch.linalg.solve(gram, basis @ signals[..., None])[..., 0]
    return taken, weights


def reconstruct_from_atoms(taken: Tensor, weights: Tensor, atoms: Tensor) -> Tensor:
    """The (N, F) signals that (N, n) weights of the `taken` atoms, at length 1, make up."""
    return (weights[:, None] @ _unit(atoms)[taken])[:, 0]


def _unit(atoms: Tensor) -> Tensor:
    return atoms / atoms.norm(dim=1, keepdim=True).clamp(min=1e-6)


SPECS = (
    ModelSpec(
        name="dictionary",
        config=DictionaryConfig(),
        build=DictionaryLearning,
        latent="3 of 128 atoms a patch",
        source="Weiss et al. 2013; scikit-learn",
        idea="Reconstructs every small patch from a few typical healthy ones; what needs others is not reconstructed.",
        weakness="A patch knows nothing of its place: what is healthy anywhere in the brain passes everywhere.",
    ),
)
