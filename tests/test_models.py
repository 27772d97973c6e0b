"""One contract for all models."""

import pytest
import torch

from uad_core.checkpoint import build_model
from uad_core.models import MODELS


@pytest.fixture(params=sorted(MODELS))
def name(request):
    return request.param


def slices(count: int) -> torch.Tensor:
    """Smooth blobs, which even a small bottleneck can learn."""
    coarse = torch.rand(count, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    return torch.nn.functional.interpolate(coarse, (256, 256), mode="bicubic").clamp(0, 1)


@pytest.mark.parametrize("batch", [1, 3])
def test_reconstruction_has_the_shape_of_the_batch_whatever_its_size(name, batch):
    model = build_model(name)
    assert model.reconstruct(slices(batch)).shape == (batch, 1, 256, 256)


def test_losses_are_finite_and_every_parameter_belongs_to_an_objective(name):
    model = build_model(name)
    covered = {id(parameter) for objective in model.objectives() for parameter in objective.parameters}
    assert covered == {id(parameter) for parameter in model.parameters()}
    for objective in model.objectives():
        assert all(torch.isfinite(term) and term.ndim == 0 for term in objective.terms(slices(2)).values())


def test_one_batch_can_be_overfitted(name):
    torch.manual_seed(0)
    model, batch = build_model(name), slices(2)
    steps = [(o, torch.optim.Adam(o.parameters, o.learning_rate)) for o in model.objectives()]
    before = (model.reconstruct(batch) - batch).abs().mean()
    model.train()
    for _ in range(40):
        for objective, optimiser in steps:
            optimiser.zero_grad()
            sum(objective.terms(batch).values()).backward()
            optimiser.step()
    with torch.no_grad():  # training statistics: forty steps are too few for the running averages
        after = (model(batch) - batch).abs().mean()
    assert after < before / 4


def test_reconstruct_repeats_and_leaves_the_model_in_its_mode(name):
    model = build_model(name).train()
    torch.testing.assert_close(model.reconstruct(slices(2)), model.reconstruct(slices(2)), rtol=0, atol=0)
    assert model.training


def test_sae3_has_the_papers_latent_of_16_by_16_by_64():
    assert build_model("sae3").encoder(slices(1)).shape == (1, 64, 16, 16)


def test_every_row_of_the_list_says_what_it_is(name):
    spec = MODELS[name]
    assert spec.name == name
    assert all((spec.latent, spec.source, spec.idea.endswith("."), spec.weakness.endswith(".")))
