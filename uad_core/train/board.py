"""What people see while a model trains: pictures of held-out slices, and TensorBoard."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from uad_core.io.atomic import write_atomically
from uad_core.models import MODELS, AnomalyModel
from uad_core.pipeline.reconstruct import reconstruct_slices
from uad_core.render.png import encode
from uad_core.train.state import TrainState
from uad_core.train.validation import has_validation

COLUMNS = 6  # slices in a picture
KEPT = 20  # newest pictures
WINDOW = 0.3  # residual that is shown white


class Board:
    """Writes pictures and TensorBoard files of one training into its folder."""

    def __init__(self, folder: Path, validation: np.ndarray, samples: bool, first_epoch: int) -> None:
        """Args: `validation` (N, 256, 256); `samples`: show slices drawn from the prior, as reconstructing is slow."""
        from torch.utils.tensorboard import SummaryWriter

        self._pictures = folder / "pictures"
        chosen = np.linspace(0, len(validation) - 1, min(COLUMNS, len(validation))).round().astype(int)
        self._slices, self._samples = validation[chosen], samples
        self._writer = SummaryWriter(str(folder / "tensorboard"), purge_step=first_epoch)

    def show(self, model: AnomalyModel, epoch: int, scalars: Mapping[str, float]) -> None:
        """One picture: slices, below them what the model makes of them or invents, below these the residuals."""
        if self._samples:
            drawn = np.asarray(model.sample(len(self._slices), seed=0)[:, 0].float().cpu().numpy())
        else:
            drawn = reconstruct_slices(model, self._slices)
        residual = np.abs(self._slices - drawn)
        rows = [self._slices, drawn] if self._samples else [self._slices, drawn, residual / WINDOW]
        picture = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
        grey = (np.clip(np.nan_to_num(picture), 0, 1) * 255).astype(np.uint8)
        write_atomically(self._pictures / f"epoch_{epoch:04d}.png", encode(grey))
        for old in sorted(self._pictures.glob("epoch_*.png"))[:-KEPT]:
            old.unlink()
        for key, value in scalars.items():
            if key != "epoch":
                self._writer.add_scalar(key, value, epoch)
        self._writer.add_image("slices", grey, epoch, dataformats="HW")
        if not self._samples:
            self._writer.add_histogram("residual", residual[self._slices > 0], epoch)
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


def open_board(folder: Path, state: TrainState) -> Board:
    """The board of a training that begins, or goes on, in this state."""
    spec, held_out = MODELS[state.config.model], state.loaded.validation
    invents = spec.samples and not has_validation(state.model, held_out, state.ranks.device)
    return Board(folder, held_out, invents, state.position.epoch)
