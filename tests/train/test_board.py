"""What a training shows of itself: pictures of held-out slices, and the same in TensorBoard."""

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from uad_core.models import AnomalyModel
from uad_core.models.checkpoint import build_model
from uad_core.train.board import COLUMNS, KEPT, WINDOW, Board


class Half(AnomalyModel):
    """Reconstructs every slice at half its brightness; what it invents is white."""

    def forward(self, slices):
        return slices / 2

    def sample(self, count, seed):
        return torch.ones(count, 1, 256, 256)


@pytest.fixture
def slices():
    """Two held-out slices with a square of brain at 0.4."""
    held = np.zeros((2, 256, 256), np.float32)
    held[:, 100:150, 100:150] = 0.4
    return held


def logged(folder):
    events = EventAccumulator(
        str(folder / "tensorboard"), {"scalars": 0, "images": 0, "histograms": 0}
    )  # all there are
    events.Reload()
    return events


def test_scalars_pictures_and_residuals_of_every_epoch_are_in_tensorboard(tmp_path, slices):
    board = Board(tmp_path, slices, samples=False, first_epoch=0)
    for epoch, error in enumerate((0.5, 0.25)):
        board.show(Half(), epoch, {"l1": error, "validation": 2 * error})
    board.close()
    events = logged(tmp_path)
    assert [(e.step, e.value) for e in events.Scalars("l1")] == [(0, 0.5), (1, 0.25)]
    assert [e.value for e in events.Scalars("validation")] == [1.0, 0.5]
    assert [(e.step, e.width, e.height) for e in events.Images("slices")] == [(0, 512, 768), (1, 512, 768)]
    first, _ = events.Histograms("residual")
    assert first.histogram_value.num == 2 * 50 * 50, "voxels of the brain alone"
    assert first.histogram_value.min == pytest.approx(0.2)


def test_a_picture_is_slices_above_their_reconstructions_above_the_residuals(tmp_path, slices):
    Board(tmp_path, slices, samples=False, first_epoch=0).show(Half(), 3, {})
    picture = np.asarray(Image.open(tmp_path / "pictures" / "epoch_0003.png"))
    assert picture.shape == (3 * 256, 2 * 256)
    found = [int(picture[row * 256 + 120, 120]) for row in range(3)]
    assert found == pytest.approx([255 * 0.4, 255 * 0.2, 255 * 0.2 / WINDOW], abs=1.01)
    assert picture[0, 0] == 0


def test_of_a_model_that_is_slow_to_reconstruct_samples_are_shown(tmp_path, slices):
    board = Board(tmp_path, slices, samples=True, first_epoch=0)
    board.show(Half(), 0, {"generator": 1.0})
    board.close()
    picture = np.asarray(Image.open(tmp_path / "pictures" / "epoch_0000.png"))
    assert picture.shape == (2 * 256, 2 * 256)
    assert picture[256:].min() == 255
    assert logged(tmp_path).Tags()["histograms"] == []


def test_a_model_is_left_in_training_and_only_the_newest_pictures_are_kept(tmp_path, slices):
    model = build_model("svae", {"features": [4, 4], "latent": 2}).train()
    board = Board(tmp_path, np.repeat(slices, COLUMNS, axis=0), samples=False, first_epoch=0)
    for epoch in range(3):
        board.show(model, epoch, {})
    assert model.training
    for epoch in range(KEPT + 2):
        (tmp_path / "pictures" / f"epoch_{epoch:04d}.png").touch()
    board.show(model, KEPT + 2, {})
    kept = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert (len(kept), kept[-1]) == (KEPT, f"epoch_{KEPT + 2:04d}.png")
