"""What is particular to model 0, to the denoising autoencoder and to AnoGAN's search."""

import numpy as np
import pytest
import torch
from scipy import stats

from uad_core.models.checkpoint import build_model
from uad_core.models.families.intensity import equalise
from uad_core.models.parts.corruption import blobs, coarse_noise


def disc(count=2):
    rows, columns = torch.meshgrid(torch.arange(256) - 128, torch.arange(256) - 128, indexing="ij")
    brain = (rows**2 + columns**2 < 90**2).float()
    return 0.5 * brain.expand(count, 1, 256, 256).clone()


def test_equalised_intensity_is_the_rank_among_the_brain():
    slices = torch.tensor([0.0, 0.2, 0.9, 0.2, 0.0, 0.5]).reshape(1, 1, 2, 3)
    expected = torch.tensor([0.0, 0.5, 1.0, 0.5, 0.0, 0.75]).reshape(1, 1, 2, 3)
    assert torch.equal(equalise(slices), expected)
    assert torch.equal(equalise(torch.zeros(1, 1, 2, 2)), torch.zeros(1, 1, 2, 2))


def test_equalised_intensity_agrees_with_scipys_ranks():
    rng = np.random.default_rng(0)
    slices = np.where(rng.random((2, 64, 64)) < 0.5, rng.integers(0, 500, (2, 64, 64)) / 500, 0).astype(np.float32)
    brain = slices > 0
    found = equalise(torch.from_numpy(slices)).numpy()
    np.testing.assert_allclose(found[brain], stats.rankdata(slices[brain], "max") / brain.sum(), rtol=1e-6)
    assert not found[~brain].any()


def test_the_residual_of_model_0_is_the_rank_whatever_its_sign():
    slices = disc() * torch.rand(2, 1, 256, 256)
    residual = slices - build_model("intensity").reconstruct(slices)
    torch.testing.assert_close(residual, equalise(slices))
    assert (residual >= 0).all()


def test_corruption_stays_in_the_brain_and_in_the_range():
    model, slices = build_model("denoiser"), disc(4)
    torch.manual_seed(0)
    corrupt = model.corrupt(slices)
    assert torch.equal(corrupt == 0, slices == 0)
    assert corrupt.max() <= 1
    assert (corrupt - slices).abs().max() > 0.1


def test_coarse_noise_is_smooth_and_of_the_strength_asked_for():
    torch.manual_seed(0)
    noise = coarse_noise(torch.zeros(64, 1, 256, 256), sigma=0.2, cells=16)
    assert 0.1 < noise.std() < 0.2  # interpolation takes some of it
    assert (noise[..., 1:, 100:150] - noise[..., :-1, 100:150])[..., 1:100, :].abs().mean() < 0.02


def test_blobs_are_spots_bright_or_dark_within_the_contrast():
    torch.manual_seed(0)
    spots = blobs(disc(32), count=1, radius_px=(3, 12), contrast=0.5)
    assert spots.abs().max() <= 0.5
    assert spots.max() > 0.1
    assert spots.min() < -0.1
    shares = (spots.abs() > 0.02).float().mean((1, 2, 3))
    assert (shares == 0).any(), "some slices stay clean"
    assert shares.max() < 0.1


def test_the_denoiser_is_trained_to_give_the_clean_slice_back():
    model, slices = build_model("denoiser"), disc()
    torch.manual_seed(3)
    found = model.objectives()[0].terms(slices)["l1"]
    torch.manual_seed(3)
    expected = (model(model.corrupt(slices)) - slices).abs().mean()
    torch.testing.assert_close(found, expected)


def test_anogans_search_comes_nearer_with_every_step():
    torch.manual_seed(0)
    slices, distances = disc(), []
    weights = build_model("anogan").state_dict()
    for steps in (1, 12):
        model = build_model("anogan", {"search_steps": steps})
        model.load_state_dict(weights)
        distances.append((slices - model.reconstruct(slices)).abs().mean())
    assert distances[1] < distances[0]


def test_anogan_searches_every_slice_on_its_own():
    torch.manual_seed(0)
    model = build_model("anogan", {"search_steps": 5})
    slices = torch.cat([disc(1), disc(1) * 0.5])
    alone, together = model.reconstruct(slices[:1]), model.reconstruct(slices)[:1]
    torch.testing.assert_close(alone, together, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("size", [(250, 256), (256, 100)])
def test_a_slice_that_the_u_net_cannot_halve_often_enough_is_refused_in_a_sentence(size):
    with pytest.raises(ValueError, match=f"multiples of 16, got {size[0]} and {size[1]}"):
        build_model("denoiser").reconstruct(torch.rand(1, 1, *size))
    assert build_model("denoiser").reconstruct(torch.rand(1, 1, 32, 48)).shape == (1, 1, 32, 48)
