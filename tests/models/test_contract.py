"""One contract for all models."""

from dataclasses import replace

import pytest
import torch

from tests.support import toy_model
from uad_core.models import MODELS
from uad_core.models.checkpoint import build_model

CPU_MINUTES = {"anogan": {"search_steps": 3}}  # a hundred steps are for scans, not for tests
ALL = MODELS | {spec.name: spec for spec in toy_model.SPECS}  # a model is added by its file and one such line


@pytest.fixture(autouse=True)
def with_the_toy(monkeypatch):
    for name, spec in ALL.items():
        monkeypatch.setitem(MODELS, name, spec)


@pytest.fixture(params=sorted(ALL))
def name(request):
    return request.param


def build(name):
    torch.manual_seed(0)
    return build_model(name, CPU_MINUTES.get(name))


def slices(count: int) -> torch.Tensor:
    """Smooth blobs in a disc of brain, which even a small bottleneck can learn."""
    coarse = torch.rand(count, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    smooth = torch.nn.functional.interpolate(coarse, (256, 256), mode="bicubic").clamp(0.05, 1)
    rows, columns = torch.meshgrid(torch.arange(256) - 128, torch.arange(256) - 128, indexing="ij")
    return smooth * (rows**2 + columns**2 < 100**2)


def train(model, batch, steps):
    """What the loop does in a step, and nothing else."""
    aims = [(aim, torch.optim.Adam(aim.parameters, aim.learning_rate, aim.betas)) for aim in model.objectives()]
    model.train()
    for _ in range(steps):
        for aim, optimiser in aims:
            optimiser.zero_grad()
            sum(aim.terms(batch).values()).backward(inputs=list(aim.parameters))
            optimiser.step()


@pytest.mark.parametrize("batch", [1, 3])
def test_reconstruction_has_the_shape_of_the_batch_whatever_its_size(name, batch):
    reconstructed = build(name).reconstruct(slices(batch))
    assert reconstructed.shape == (batch, 1, 256, 256)
    assert not reconstructed.requires_grad
    assert torch.isfinite(reconstructed).all()


def test_losses_are_finite_and_every_parameter_belongs_to_an_objective(name):
    model = build(name)
    covered = [id(parameter) for aim in model.objectives() for parameter in aim.parameters]
    assert sorted(covered) == sorted(id(parameter) for parameter in model.parameters())
    for aim in model.objectives():
        terms = aim.terms(slices(2))
        assert terms
        assert all(torch.isfinite(term) and term.ndim == 0 for term in terms.values())


@pytest.mark.parametrize("name", sorted(name for name, spec in ALL.items() if spec.build.slices_at_once is not None))
def test_no_slice_of_a_batch_changes_how_another_is_reconstructed(name):
    model, batch = build(name), slices(3)
    torch.testing.assert_close(model.reconstruct(batch)[:1], model.reconstruct(batch[:1]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "name", sorted(name for name, spec in ALL.items() if spec.reconstructs and name not in {"anogan", "dictionary"})
)
def test_one_batch_can_be_overfitted(name):
    model, batch = build(name), slices(2)
    if model.cell_px:
        batch = batch[..., 96:160, 96:160].contiguous()  # a sixteenth of the time
    before = (model.reconstruct(batch) - batch).abs().mean()
    still = before if name != "denoiser" else batch.abs().mean()  # an untrained U-Net of residuals is near the scan
    train(model, batch, 45)
    torch.manual_seed(0)
    with torch.no_grad():  # training statistics: forty-five steps are too few for the running averages
        after = (model(batch) - batch).abs().mean()
    assert after < still / 3


def test_a_gan_learns_to_draw_one_batch():
    """Without an encoder, overfitting means that what is drawn comes near the batch."""
    model, batch = build("anogan"), slices(2)
    model.train()
    z = model._prior(batch)

    def distance():
        with torch.no_grad():
            drawn = model.generator(z)
        return torch.cdist(drawn.flatten(1), batch.flatten(1), p=1).min(dim=1).values.mean()

    before = distance()
    train(model, batch, 30)
    assert distance() < 0.8 * before


def test_reconstruct_repeats_and_leaves_the_model_in_its_mode(name):
    model, batch = build(name).train(), slices(2)
    first = model.reconstruct(batch)
    torch.manual_seed(99)  # whatever was drawn in between
    torch.testing.assert_close(model.reconstruct(batch), first, rtol=0, atol=0)
    assert model.training
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_long_search_tells_how_far_it_is():
    shares = []
    build("anogan").reconstruct(slices(1), shares.append)
    assert shares == [pytest.approx((step + 1) / 3) for step in range(3)]


def test_saved_and_loaded_weights_reconstruct_the_same(name):
    model, twin, batch = build(name), build(name), slices(2)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.add_(1)
    twin.load_state_dict(model.state_dict(), strict=True)
    torch.testing.assert_close(twin.reconstruct(batch), model.reconstruct(batch), rtol=0, atol=0)


def test_samples_are_slices_and_functions_of_their_seed(name):
    model = build(name)
    if MODELS[name].samples:
        drawn = model.sample(2, seed=3)
        assert drawn.shape == (2, 1, 256, 256)
        torch.testing.assert_close(drawn, model.sample(2, seed=3), rtol=0, atol=0)
        assert not torch.equal(drawn, model.sample(2, seed=4))
    else:
        with pytest.raises(ValueError, match="no prior"):
            model.sample(1, seed=0)


def test_the_models_of_the_paper_are_of_comparable_size():
    """Within a factor of three; a dense layer over all features alone would be twenty times sae3."""
    paper = ["dae", "dvae", "sae1", "sae2", "sae3", "svae", "sae-gan", "svae-gan", "anogan"]
    sizes = [build(name).learned_numbers() for name in paper]
    assert max(sizes) < 3 * min(sizes)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("dae", (512,)), ("sae1", (64, 8, 8)), ("sae2", (16, 16, 16)), ("sae3", (64, 16, 16))],
)
def test_latents_are_those_of_the_paper(name, shape):
    assert build(name).encoder(slices(1)).shape == (1, *shape)


@pytest.mark.parametrize(("name", "shape"), [("dvae", (512,)), ("svae", (64, 16, 16))])
def test_variational_latents_are_those_of_the_paper(name, shape):
    mean, log_variance = build(name).encode(slices(1))
    assert mean.shape == log_variance.shape == (1, *shape)


def test_every_row_of_the_list_says_what_it_is(name):
    spec = MODELS[name]
    assert spec.name == name
    assert all((spec.latent, spec.source, spec.idea.endswith("."), spec.weakness.endswith(".")))
    assert replace(spec.config) == build_model(name).config
