"""Walks through a latent space, held against models whose codes are known."""

import numpy as np
import pytest
import torch
from torch import nn

from uad_core.models.checkpoint import build_model
from uad_core.teaching import axis_walk, can_walk, draws_brains, fade, sample_near, walk

SMALL = {"features": (4, 8, 8, 8), "latent": 4}


def slices(count, seed=0):
    return np.random.default_rng(seed).random((count, 256, 256), np.float32)


@pytest.mark.parametrize("name", ["dae", "sae3", "dvae", "svae", "sae-gan", "svae-gan"])
def test_a_walk_begins_and_ends_with_what_the_model_reconstructs(name):
    model = build_model(name, SMALL)
    start, end = slices(2)
    pictures = walk(model, start, end, 3)
    assert pictures.shape == (3, 256, 256)
    reconstructed = model.reconstruct(torch.tensor(np.stack([start, end]))[:, None])[:, 0].numpy()
    np.testing.assert_allclose(pictures[[0, -1]], reconstructed, atol=1e-5)
    assert not model.training or name  # left as it was found
    assert all(parameter.requires_grad for parameter in model.parameters())


def pictures_as_codes():
    """An autoencoder whose code is the slice itself."""
    model = build_model("sae3", SMALL)
    model.encoder, model.decoder = nn.Identity(), nn.Identity()
    model.anchor = nn.Parameter(torch.zeros(1))
    return model


def test_with_the_slice_as_its_own_code_a_walk_is_a_fade():
    start, end = slices(2)
    np.testing.assert_allclose(walk(pictures_as_codes(), start, end, 5), fade(start, end, 5), atol=1e-6)
    np.testing.assert_allclose(fade(start, end, 3)[1], (start + end) / 2, atol=1e-6)


def test_the_main_direction_is_the_one_in_which_the_slices_differ():
    middle, pattern = slices(2)
    amounts = np.array([-1.5, -0.5, 0.5, 1.5], np.float32)
    family = middle + amounts[:, None, None] * pattern
    ends = axis_walk(pictures_as_codes(), family, 3)
    np.testing.assert_allclose(ends[1], middle, atol=1e-4)
    sd = amounts.std(ddof=1)
    far = (ends[2] - middle) / pattern
    assert abs(np.median(far)) == pytest.approx(2 * sd, rel=1e-3)
    np.testing.assert_allclose(ends[0] - middle, middle - ends[2], atol=1e-4)


def test_samples_are_brains_where_each_is_like_the_mean_brain_and_noise_or_nothing_is_none():
    rows, columns = np.mgrid[:256, :256]
    brain = (((rows - 128) / 90) ** 2 + ((columns - 128) / 70) ** 2 < 1).astype(np.float32)
    brains = brain + 0.1 * slices(4)
    model = build_model("dvae", SMALL)
    for drawn, expected in ((brains, True), (slices(4, 1), False), (np.zeros_like(brains), False)):
        model.sample = lambda count, seed, drawn=drawn: torch.tensor(drawn)[:, None]
        assert draws_brains(model, brains) is expected
    model.sample = lambda count, seed: torch.tensor(np.concatenate([brains, slices(1, 1)]))[:, None]
    assert not draws_brains(model, brains)


def test_a_walk_changes_neither_mode_nor_weights():
    model = build_model("dvae", SMALL).train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    walk(model, *slices(2), steps=2)
    axis_walk(model, slices(3), 2)
    assert model.training
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


@pytest.mark.parametrize("name", ["intensity", "denoiser", "anogan", "dictionary"])
def test_a_model_without_codes_is_refused(name):
    model = build_model(name)
    assert not can_walk(model)
    with pytest.raises(ValueError, match="no codes"):
        walk(model, *slices(2), steps=2)


def test_samples_from_around_the_codes_have_the_codes_mean_and_spread():
    middle, pattern = slices(2)
    family = middle + np.array([-1, 0, 1], np.float32)[:, None, None] * pattern
    drawn = sample_near(pictures_as_codes(), family, 200, seed=1)
    assert drawn.shape == (200, 256, 256)
    spread = (drawn - middle) / pattern  # of each number around its mean, in its own standard deviations
    assert np.median(spread.mean(0)) == pytest.approx(0, abs=0.01)
    assert np.median(spread.std(0)) == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(drawn, sample_near(pictures_as_codes(), family, 200, seed=1))


def test_too_short_a_walk_is_refused():
    with pytest.raises(ValueError, match="2 steps"):
        walk(pictures_as_codes(), *slices(2), steps=1)
    with pytest.raises(ValueError, match="2 slices"):
        axis_walk(pictures_as_codes(), slices(1), 3)
