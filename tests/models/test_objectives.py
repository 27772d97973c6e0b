"""Baur et al. 2018, Eqs. 2 and 3, by hand; and what they reduce to."""

import math

import numpy as np
import pytest
import torch

from uad_core.models.checkpoint import build_model
from uad_core.models.parts.losses import discriminator_loss, generator_loss, hinge_loss, kl_to_standard_normal


def batch(seed=0):
    return torch.rand(2, 1, 256, 256, generator=torch.Generator().manual_seed(seed))


def gradients(model, aim, slices, seed=5):
    """Of an objective, with the same noise every time."""
    torch.manual_seed(seed)
    loss = sum(aim.terms(slices).values())
    return torch.autograd.grad(loss, list(aim.parameters))


def test_kl_to_the_standard_normal_by_hand():
    mean, variance = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 4.0]])
    by_hand = 0.5 * (1 + 1 - 1 - 0) + 0.5 * (0 + 4 - 1 - math.log(4))
    assert kl_to_standard_normal(mean, variance.log(), pixels=10).item() == pytest.approx(by_hand / 10)


def test_kl_agrees_with_torch_distributions():
    mean, log_variance = torch.randn(3, 5, 2, 2), torch.randn(3, 5, 2, 2)
    q, p = torch.distributions.Normal(mean, (0.5 * log_variance).exp()), torch.distributions.Normal(0.0, 1.0)
    expected = torch.distributions.kl_divergence(q, p).sum((1, 2, 3)).mean() / 4
    torch.testing.assert_close(kl_to_standard_normal(mean, log_variance, 4), expected)


def test_adversarial_terms_are_logarithms_of_the_discriminators_probability():
    real, reconstructed = torch.tensor([0.3, -1.2]), torch.tensor([2.0, -0.5])
    probability = {key: 1 / (1 + np.exp(-value.numpy())) for key, value in {"x": real, "x_hat": reconstructed}.items()}
    assert generator_loss(reconstructed).item() == pytest.approx(-np.log(probability["x_hat"]).mean(), rel=1e-5)
    expected = -np.log(probability["x"]).mean() - np.log(1 - probability["x_hat"]).mean()
    assert discriminator_loss(real, reconstructed).item() == pytest.approx(expected, rel=1e-5)


def test_extreme_logits_stay_finite():
    assert torch.isfinite(generator_loss(torch.tensor([-1e4, 1e4])))
    assert torch.isfinite(discriminator_loss(torch.tensor([-1e4]), torch.tensor([1e4])))


def test_eq_2_of_the_vae_gan_is_the_sum_of_its_three_weighted_terms():
    model, slices = build_model("svae-gan", {"lambda_prior": 0.7, "lambda_adversarial": 0.3}).eval(), batch()
    torch.manual_seed(5)
    terms = model.objectives()[1].terms(slices)
    torch.manual_seed(5)
    mean, log_variance = model.autoencoder.encode(slices)
    reconstructed = model.autoencoder.decoder(mean + torch.randn_like(mean) * (0.5 * log_variance).exp())
    by_hand = {
        "l1": (reconstructed - slices).abs().sum() / slices.numel(),
        "kl": 0.7 * 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum() / slices.numel(),
        "adversarial": 0.3 * -torch.sigmoid(model.discriminator(reconstructed)).log().mean(),
    }
    assert terms.keys() == by_hand.keys()
    for key, value in by_hand.items():
        torch.testing.assert_close(terms[key], value)


def test_the_discriminator_learns_first_and_neither_changes_the_other():
    model = build_model("svae-gan")
    judge, reconstruct = model.objectives()
    assert (judge.name, judge.learning_rate) == ("discriminator", 1e-4)
    assert (reconstruct.name, reconstruct.learning_rate) == ("reconstruction", 1e-3)
    assert {id(p) for p in judge.parameters} == {id(p) for p in model.discriminator.parameters()}
    assert {id(p) for p in reconstruct.parameters} == {id(p) for p in model.autoencoder.parameters()}


def test_kl_acts_on_the_encoder_only():
    model = build_model("svae")
    torch.manual_seed(0)
    kl = model.training_pass(batch())[1]["kl"]
    parameters = dict(model.named_parameters())
    found = torch.autograd.grad(kl, list(parameters.values()), allow_unused=True)
    touched = {name.split(".")[0] for name, gradient in zip(parameters, found, strict=True) if gradient is not None}
    assert touched == {"encoder"}


def test_lambda_3_of_zero_gives_exactly_the_vae():
    gan, vae = build_model("svae-gan", {"lambda_adversarial": 0.0}), build_model("svae")
    vae.load_state_dict(gan.autoencoder.state_dict())
    (aim,), (plain,) = gan.objectives(), vae.objectives()
    for a, b in zip(gradients(gan, aim, batch()), gradients(vae, plain, batch()), strict=True):
        assert torch.equal(a, b)


def test_lambda_2_and_3_of_zero_with_the_deterministic_bottleneck_give_exactly_the_ae():
    gan = build_model("svae-gan", {"lambda_adversarial": 0.0, "lambda_prior": 0.0, "variational": False})
    ae = build_model("sae3")
    ae.load_state_dict(gan.autoencoder.state_dict())
    (aim,), (plain,) = gan.objectives(), ae.objectives()
    assert torch.equal(gan(batch()), ae(batch()))
    for a, b in zip(gradients(gan, aim, batch()), gradients(ae, plain, batch()), strict=True):
        assert torch.equal(a, b)


def test_the_hinge_loss_by_hand():
    """max(0, 1 - .5), max(0, 1 + 2) for what is real; max(0, 1 + 1), max(0, 1 - 3) for what is drawn."""
    assert hinge_loss(torch.tensor([0.5, -2.0]), torch.tensor([1.0, -3.0])).item() == pytest.approx(3.5 / 2 + 2.0 / 2)


def test_under_spectral_normalisation_no_matrix_of_the_discriminator_stretches_what_it_sees():
    torch.manual_seed(0)
    model = build_model("anogan", {"adversary": "spectral"}).train()
    for _ in range(30):  # the power iteration goes one step further with every pass
        model.discriminator(batch())
    layers = [layer for layer in model.discriminator.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert len(layers) == 5
    for layer in layers:
        largest = torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2).item()
        assert largest == pytest.approx(1, abs=0.03)
    free = build_model("anogan").discriminator.stages[1][0].weight.detach().flatten(1)
    assert abs(torch.linalg.matrix_norm(free, 2).item() - 1) > 0.05, "without it they are what they are"


def test_the_spectral_adversary_s_terms_are_the_hinge_loss_and_the_logit(monkeypatch):
    torch.manual_seed(0)
    model, slices = build_model("anogan", {"adversary": "spectral"}).eval(), batch()
    prior = torch.randn(2, 128)
    monkeypatch.setattr(model, "_prior", lambda _: prior)
    real, drawn = model.discriminator(slices), model.discriminator(model.generator(prior))
    judge, draw = (aim.terms(slices) for aim in model.objectives())
    torch.testing.assert_close(judge["discriminator"], hinge_loss(real, drawn))
    torch.testing.assert_close(draw["generator"], -drawn.mean())
