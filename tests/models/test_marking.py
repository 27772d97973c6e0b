"""The marking U-Net: what is painted, what the scanner does to it, and what the network is asked for."""

import pytest
import torch

from uad_core.atlas.space import BRAIN_FRAME
from uad_core.models.checkpoint import build_model
from uad_core.models.families import marking
from uad_core.models.parts.painting import PaintConfig, paint, tissue_sd
from uad_core.models.parts.scanner import RandomScanner, move, recontrast

SMALL = {"widths": [8, 8, 8], "context": [-2, 2]}


def discs(count=2, channels=1, edge=96):
    """A disc of tissue with a dark hole in the middle."""
    torch.manual_seed(0)
    rows, columns = torch.meshgrid(torch.arange(edge) - edge / 2, torch.arange(edge) - edge / 2, indexing="ij")
    radius = (rows**2 + columns**2).sqrt()
    picture = 0.5 * (radius < 44) - 0.4 * (radius < 8) + 0.05 * torch.randn(count, channels, edge, edge)
    return torch.where(radius < 44, picture.clamp(min=0.01), 0)


@pytest.fixture
def model():
    torch.manual_seed(1)
    return build_model("marker", SMALL)


def test_anomalies_lie_in_the_brain_and_some_slices_stay_healthy():
    stack = discs(64)
    change = paint(stack, (0,), PaintConfig(count=5, present=1.0, healthy=0.25))
    assert (change[stack == 0] == 0).all()
    empty = (change.abs().amax((1, 2, 3)) < 1e-3).float().mean()
    assert 0.05 < empty < 0.5
    assert change.max() > 0.1
    assert (stack + change >= 0.19 * stack - 1e-6).all()


def test_a_painted_body_reaches_into_the_neighbours_as_far_as_it_is_large():
    stack = discs(48, channels=3)
    config = PaintConfig(count=1, present=1.0, healthy=0.0, radius_px=(2.0, 2.0), mirrored=0.0)
    near, far = (paint(stack, (0, level, level), config).abs().sum((0, 2, 3)) for level in (1, 30))
    assert near[1] > 0.3 * near[0]
    assert far[1] < 0.02 * far[0]


def test_the_spread_of_tissue_is_that_of_what_is_not_fluid():
    slices = torch.tensor([[[[0.5, 0.7, 0.1, 0.0]]]])
    assert tissue_sd(slices).item() == pytest.approx(0.1)
    assert tissue_sd(torch.full((1, 1, 4, 4), 0.5)).item() == pytest.approx(0.04)


def test_a_grey_curve_rises_and_leaves_tissue_and_background_where_they_are():
    ramp = torch.linspace(0, 1, 512)[None, None, None].repeat(8, 1, 1, 1)
    torch.manual_seed(2)
    found = recontrast(ramp)
    assert (found.diff(dim=3) >= -1e-6).all()
    assert (found[..., 0] == 0).all()
    torch.testing.assert_close(found[..., 256], torch.full_like(found[..., 256], 0.5), atol=0.02, rtol=0)
    assert (found[..., 384] - ramp[..., 384]).abs().max() > 0.03


def test_the_scanner_is_linear_so_that_what_was_painted_can_be_told_from_the_healthy_image():
    stack, change = discs(4, 3), 0.1 * torch.randn(4, 3, 96, 96)
    torch.manual_seed(3)
    acquire = RandomScanner(stack)
    torch.testing.assert_close(acquire(stack + change), acquire(stack) + acquire(change), atol=1e-4, rtol=1e-4)


def test_moving_leaves_no_dark_rim():
    stack = (discs(8) > 0) * 0.5
    torch.manual_seed(4)
    moved = move(stack)
    assert moved[moved > 0].min() > 0.49


def test_the_task_shows_what_it_marks_and_the_healthy_slice_lacks_it(model):
    torch.manual_seed(5)
    task = model._draw(discs(16, 3))
    difference = task.seen[:, :1] - task.healthy
    bright, dark = task.marks[:, :1] > 0.5, task.marks[:, 1:] > 0.5
    assert bright.any()
    assert difference[bright].mean() > 0.03
    assert difference[(task.marks < 0.01).all(1, keepdim=True) & (task.seen[:, :1] > 0)].abs().mean() < 0.01
    if dark.any():
        assert difference[dark].mean() < -0.03


def test_a_slice_alone_is_a_slice_whose_neighbours_are_missing(model):
    slices = discs(2)
    with_none = torch.cat([slices, torch.zeros(2, 2, 96, 96)], 1)
    for alone, stacked in zip(model.assess(slices), model.assess(with_none), strict=True):
        torch.testing.assert_close(alone, stacked)


def test_the_score_of_the_mirror_image_is_the_mirrored_score(model):
    slices = discs(2, 3)
    for straight, mirrored in zip(model.assess(slices), model.assess(slices.flip(3)), strict=True):
        torch.testing.assert_close(mirrored.flip(3), straight, atol=1e-5, rtol=1e-5)


def test_score_and_picture_are_0_outside_the_brain_and_the_score_is_a_probability(model):
    slices = discs(2)
    picture, score = model.assess(slices)
    assert score.shape == (2, 2, 96, 96)
    assert (picture[slices == 0] == 0).all()
    assert (score[(slices == 0).expand(-1, 2, -1, -1)] == 0).all()
    assert 0 <= score.min() <= score.max() <= 1


def test_learning_marks_what_was_never_painted_in_training(model):
    """The validation's task: hills, which the painter does not draw."""
    slices = discs(8)
    optimiser = torch.optim.Adam(model.parameters(), 5e-3)
    before = model.validation(slices).mean()
    torch.manual_seed(6)
    for _ in range(40):
        optimiser.zero_grad()
        sum(model._terms(discs(8)).values()).backward()
        optimiser.step()
    assert model.validation(slices).mean() < before - 0.05
    torch.testing.assert_close(model.validation(slices), model.validation(slices))


def test_training_is_validated_as_scans_are_judged_but_by_what_was_learnt_alone(monkeypatch):
    """In the brain's frame, nothing outside the brain, and without what is known of brightness."""
    torch.manual_seed(1)
    alone, told = (build_model("marker", SMALL | {"brightness": value}) for value in (0.0, 6.0))
    told.load_state_dict(alone.state_dict())
    monkeypatch.setattr(marking, "blobs", lambda slices, *_: 0.2 * (slices > 0.55))
    rows, columns = BRAIN_FRAME
    slices = torch.zeros(2, 1, 256, 256)
    slices[:, :, 88:184, 80:176] = discs(2)
    found = alone.validation(slices)
    torch.testing.assert_close(told.validation(slices), found)
    torch.testing.assert_close(alone.validation(slices[..., rows, columns]), found)
    score = alone.assess(torch.where(slices > 0.55, slices + 0.2, slices))[1]
    truth = torch.cat([slices > 0.55, torch.zeros_like(slices, dtype=torch.bool)], 1).float()
    met, both = (score * truth).sum((1, 2, 3)), (score.square() + truth).sum((1, 2, 3))
    torch.testing.assert_close(1 - (2 * met + 1) / (both + 1), found)


def test_a_size_that_the_network_does_not_divide_is_refused(model):
    with pytest.raises(ValueError, match="multiples of 8"):
        model.assess(torch.rand(1, 1, 90, 96))


def test_a_whole_slice_is_judged_in_the_brain_s_frame_and_one_that_reaches_beyond_it_whole(model):
    rows, columns = BRAIN_FRAME
    slices = torch.zeros(2, 1, 256, 256)
    slices[:, :, 88:184, 80:176] = discs(2)
    slices[1, 0, 20, 20] = 0.5
    (picture, score), (cut_picture, cut_score) = model.assess(slices), model.assess(slices[:1, :, rows, columns])
    torch.testing.assert_close(score[:1, :, rows, columns], cut_score)
    torch.testing.assert_close(picture[:1, :, rows, columns], cut_picture)
    assert score[1, :, 20, 20].max() > 0  # it was looked at
    torch.testing.assert_close(score[1:], model.assess(slices[1:])[1])


def test_brightness_tells_for_too_bright_and_against_too_dark_and_leaves_tissue_and_picture_alone():
    """Bayes' rule by hand: the odds of the score times e to the (6 * (0.7 - 0.5))."""
    torch.manual_seed(1)
    alone = build_model("marker", SMALL | {"brightness": 0.0})
    told = build_model("marker", SMALL | {"brightness": 6.0})
    told.load_state_dict(alone.state_dict())
    slices = torch.full((1, 1, 96, 96), 0.5)
    slices[..., 40:56, 40:56] = 0.7
    (picture, score), (told_picture, told_score) = alone.assess(slices), told.assess(slices)
    odds, told_odds = score / (1 - score), told_score / (1 - told_score)
    torch.testing.assert_close(told_picture, picture)
    torch.testing.assert_close(told_score[..., :40, :], score[..., :40, :])
    raised = (told_odds / odds)[0, :, 40:56, 40:56]
    torch.testing.assert_close(raised[0], torch.full((16, 16), 3.3201), rtol=1e-3, atol=0)
    torch.testing.assert_close(raised[1], torch.full((16, 16), 1 / 3.3201), rtol=1e-3, atol=0)
