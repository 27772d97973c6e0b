"""Denoising autoencoder: a U-Net that takes out what does not belong (Kascenas, Pugeault, O'Neil, MIDL 2022)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from uad_core.models.contract import AnomalyModel, ModelSpec, Objective
from uad_core.models.parts.corruption import blobs, coarse_noise
from uad_core.models.parts.unet import check_size, down_stages, through, up_stages


@dataclass(frozen=True)
class DenoisingConfig:
    features: tuple[int, ...] = (32, 48, 64, 96)  # from half resolution downwards
    noise_sigma: float = 0.2  # of coarse noise, in normalised intensity
    noise_cells: int = 16
    blob_count: int = 4  # at most, a slice
    blob_radius_px: tuple[float, float] = (1.5, 25.0)
    blob_contrast: float = 0.5  # in normalised intensity; tissue lies at 0.5
    learning_rate: float = 1e-3


class DenoisingAutoencoder(AnomalyModel):
    """Learns x + corruption -> x on healthy slices; a lesion is then one more corruption to remove.

    Skip connections keep what is healthy sharp; there is no bottleneck to squeeze it. The U-Net works on 2 x 2 pixels
    at a time, predicts what is to be taken off, and leaves the background alone.
    """

    cell_px: int

    def __init__(self, config: DenoisingConfig) -> None:
        super().__init__(config)
        widths = config.features
        self.cell_px = 2 ** len(widths)
        self.stem = nn.Conv2d(4, widths[0], 3, padding=1)
        self.down, self.up = down_stages(widths), up_stages(widths)
        self.head = nn.Conv2d(widths[0], 4, 3, padding=1)

    def forward(self, slices: Tensor) -> Tensor:
        """(B, 1, H, W) less what does not belong; H and W must be multiples of `cell_px`."""
        check_size(slices, self.cell_px)
        x = through(self.stem(functional.pixel_unshuffle(slices, 2)), self.down, self.up)
        taken_off = functional.pixel_shuffle(self.head(x), 2)
        return torch.where(slices > 0, slices - taken_off, 0)

    def objectives(self) -> list[Objective]:
        return [Objective("reconstruction", list(self.parameters()), self.config.learning_rate, self._terms)]

    def _terms(self, slices: Tensor) -> dict[str, Tensor]:
        return {"l1": functional.l1_loss(self(self.corrupt(slices)), slices)}

    def corrupt(self, slices: Tensor) -> Tensor:
        """Healthy slices with noise and blobs in them; the background stays 0."""
        config = self.config
        strange = coarse_noise(slices, config.noise_sigma, config.noise_cells)
        if config.blob_count:
            strange = strange * torch.rand(len(slices), 1, 1, 1).to(slices.device)
            strange = strange + blobs(slices, config.blob_count, config.blob_radius_px, config.blob_contrast)
        return torch.where(slices > 0, (slices + strange).clamp(1e-3, 1), 0)


SPECS = (
    ModelSpec(
        name="denoiser",
        config=DenoisingConfig(),
        build=DenoisingAutoencoder,
        latent="none, U-Net",
        source="Kascenas et al. 2022, with soft blobs beside coarse noise",
        idea="Learns to clean healthy slices of noise and blobs put into them; lesions are cleaned away likewise.",
        weakness="Removes what resembles its training noise; healthy bright spots as well, diffuse lesions hardly.",
    ),
)
