"""What is particular to the systems of the paper's related work: hand-checkable cases, and what `fit` keeps."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import sparse_encode
from sklearn.svm import OneClassSVM

from tests.support.training import no_calibration, picture_cohort
from uad_core.atlas.space import PAPER_SLAB
from uad_core.cohorts.cohort import open_cohort
from uad_core.models.calibration import BINS, Calibration, Reference, ResidualHistogram
from uad_core.models.checkpoint import build_model, halve, load_checkpoint, save_checkpoint
from uad_core.models.families.dictionary import orthogonal_matching_pursuit, reconstruct_from_atoms
from uad_core.models.families.fuzzy import fuzzy_means, memberships
from uad_core.models.families.thresholding import bright_flank
from uad_core.models.parts.patches import patches_of, reconstruct_patches
from uad_core.train import TrainConfig, Training, train
from uad_core.train.load import Loaded

FITTED = {"dictionary": {"atoms": 16, "patches": 1000, "stride_px": 4}, "ocsvm": {"vectors": 300}}
SCORES = ("threshold", "fuzzy", "ocsvm")


def brains(count, seed=0):
    """Discs with a rim of fluid, white matter at 0.48, a ribbon of grey at 0.55, all a little noisy."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[-128:128, -128:128]
    radius = np.hypot(rows, columns)
    tissue = np.select([radius < 20, radius < 60, radius < 85, radius < 90], [0.2, 0.48, 0.55, 0.2], 0.0)
    noisy = np.clip(tissue + rng.normal(0, 0.02, (count, 1, 256, 256)), 0.01, 1)
    return torch.from_numpy(np.where(tissue > 0, noisy, 0).astype(np.float32))


def with_blob(slices):
    """The same with a bright spot of 12 x 12 pixels in the white matter, and where that is."""
    sick, where = slices.clone(), torch.zeros_like(slices, dtype=torch.bool)
    where[..., 160:172, 130:142] = True
    sick[where] = 0.95
    return sick, where


def built(name):
    torch.manual_seed(0)
    return build_model(name, FITTED.get(name))


def fitted(name, seed=0):
    model = built(name)
    model.fit(brains(4), seed)
    return model


@pytest.mark.parametrize("name", ["threshold", "fuzzy", "dictionary"])
def test_a_bright_blob_in_a_brain_scores_highest(name):
    sick, where = with_blob(brains(3))
    residual = (sick - fitted(name).reconstruct(sick)).clamp(min=0)
    inside, healthy = residual[where], residual[~where & (sick > 0)]
    assert inside.mean() > 3 * healthy.mean()
    assert inside.median() > (healthy.max() if name in SCORES else healthy.quantile(0.999))


@pytest.mark.parametrize("name", SCORES)
def test_a_score_lies_in_the_brain_between_0_and_1_and_is_the_residual(name):
    sick, _ = with_blob(brains(2))
    model = fitted(name)
    residual = sick - model.reconstruct(sick)
    assert (residual[sick == 0] == 0).all()
    assert residual.min() > -1e-6
    assert residual.max() <= 1 + 1e-6
    assert np.isfinite(model.reconstruct(torch.zeros(2, 1, 256, 256)).numpy()).all(), "even without any brain"


@pytest.mark.parametrize("name", ["threshold", "fuzzy"])
def test_an_error_of_reconstructing_is_not_made_up(name):
    assert built(name).validation(brains(3)).isnan().all()


def test_the_one_class_svm_finds_a_blob_stranger_than_health():
    torch.manual_seed(0)
    model = build_model("ocsvm", FITTED["ocsvm"])
    aim = model.objectives()[0]
    adam = torch.optim.Adam(aim.parameters, aim.learning_rate)
    healthy = brains(2)
    for _ in range(12):
        adam.zero_grad()
        sum(aim.terms(healthy).values()).backward()
        adam.step()
    model.eval().fit(brains(4, seed=1), seed=0)
    sick, where = with_blob(brains(1, seed=2))
    score = sick - model.reconstruct(sick)
    assert score[where].mean() > score[~where & (sick > 0)].quantile(0.9)


def test_the_svms_score_ranks_as_scikit_learns_decision_does():
    model, slices = fitted("ocsvm").eval(), brains(1, seed=5)
    with torch.no_grad():
        z, _ = model._latent(slices)
        score = model._coarse(z)
    chosen = model.vectors.double().numpy()
    reference = OneClassSVM(nu=model.config.nu, gamma=1 / model.config.latent).fit(chosen)
    standard = ((z - model.centre) / model.scale).flatten(0, 2).double().numpy()
    expected = 1 - reference.score_samples(standard) / reference.dual_coef_.sum()
    np.testing.assert_allclose(score.flatten().numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("name", sorted(FITTED))
def test_a_fit_is_a_function_of_the_seed(name):
    once, again, other = (fitted(name, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(value, again[key]) for key, value in once.items())
    assert any(not torch.equal(value, other[key]) for key, value in once.items())


@pytest.mark.parametrize("name", sorted(FITTED))
def test_a_fit_fills_buffers_and_leaves_the_mode(name):
    model = built(name).train()
    before = {key: value.clone() for key, value in model.named_buffers()}
    weights = [parameter.clone() for parameter in model.parameters()]
    model.fit(brains(2), 0)
    after = dict(model.named_buffers())
    assert {key: value.shape for key, value in after.items()} == {key: value.shape for key, value in before.items()}
    assert model.training
    assert all(torch.equal(a, b) for a, b in zip(weights, model.parameters(), strict=True))


@pytest.mark.parametrize("name", ["dictionary", "threshold", "fuzzy", "stacked", "ocsvm"])
def test_a_checkpoint_in_half_precision_reconstructs_the_same_and_is_small(name, tmp_path):
    model, slices = fitted(name).eval(), with_blob(brains(2))[0]
    exact = model.reconstruct(slices)
    halve(model)
    reconstructed = model.reconstruct(slices)
    counts = np.ones(BINS, np.int64)
    histograms = {(sign, size): ResidualHistogram(counts) for sign in ("absolute", "positive") for size in (1, 3, 5)}
    calibration = Calibration(2.0, {"healthy": Reference(True, 1, 1.0, histograms)})
    save_checkpoint(tmp_path / name, name, model, PAPER_SLAB, calibration, {})
    loaded = load_checkpoint(name, tmp_path).model
    assert torch.equal(loaded.reconstruct(slices), reconstructed)
    assert (reconstructed - exact).abs().mean() < 2e-3, "rounding to float16 hardly changes it"
    torch.manual_seed(0)
    full = sum(value.numel() * 2 for value in build_model(name).state_dict().values())
    assert full < 1.5e6


def test_matching_pursuit_reconstructs_as_scikit_learns_does():
    rng = np.random.default_rng(0)
    atoms, signals = rng.normal(size=(30, 16)), rng.normal(size=(50, 16))
    unit = atoms / np.linalg.norm(atoms, axis=1, keepdims=True)
    expected = sparse_encode(signals, unit, algorithm="omp", n_nonzero_coefs=4) @ unit
    taken, weights = orthogonal_matching_pursuit(torch.from_numpy(signals), torch.from_numpy(atoms), 4)
    found = reconstruct_from_atoms(taken, weights, torch.from_numpy(atoms))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


def test_matching_pursuit_by_hand():
    atoms = torch.tensor([[2.0, 0, 0], [0, 1, 0], [0, 0, 0]])  # any length; the last is no atom
    signals = torch.tensor([[3.0, 1, 5], [0, 0, 0]])
    for nonzero, expected in ((1, [3.0, 0, 0]), (3, [3.0, 1, 0])):
        reconstructed = reconstruct_from_atoms(*orthogonal_matching_pursuit(signals, atoms, nonzero), atoms)
        torch.testing.assert_close(reconstructed, torch.tensor([expected, [0, 0, 0]]), atol=1e-4, rtol=0)


def test_no_atom_weighs_more_than_in_health():
    """One atom, an even patch: healthy brightness is reconstructed, twice of it is reconstructed as if healthy."""
    model = build_model("dictionary", {"atoms": 1, "nonzero": 1, "patches": 500, "weight_quantile": 1.0})
    even = torch.zeros(1, 1, 256, 256)
    even[..., 64:192, 64:192] = 0.5
    model.fit(even, 0)
    middle = (slice(None), slice(None), slice(80, 176), slice(80, 176))
    for brightness in (0.5, 1.0):
        reconstructed = model.reconstruct(even / 0.5 * brightness)[middle]
        torch.testing.assert_close(reconstructed, torch.full_like(reconstructed, 0.5), atol=1e-3, rtol=0)


def test_patches_go_there_and_back():
    slices = with_blob(brains(2))[0]
    assert patches_of(slices, 8, 4).shape == (2 * 63 * 63, 64)
    torch.testing.assert_close(reconstruct_patches(slices, 8, 4, lambda patches: patches), slices)
    halved = reconstruct_patches(slices, 16, 4, lambda patches: patches / 2)
    torch.testing.assert_close(halved, slices / 2)


def test_fuzzy_means_of_two_pairs_lie_where_the_hand_puts_them():
    """By symmetry about 5 the centres are 5 - c and 5 + c; iterated in plain Python."""
    values = [0.0, 1.0, 9.0, 10.0]
    low, high = 0.5, 9.5
    for _ in range(200):
        weights = [1 / (1 + ((x - low) / (x - high)) ** 2) for x in values]
        low = sum(w**2 * x for w, x in zip(weights, values, strict=True)) / sum(w**2 for w in weights)
        high = 10 - low
    found, _ = fuzzy_means(torch.tensor(values).double(), torch.ones(4).double(), 2, 2.0, 200)
    np.testing.assert_allclose(found.numpy(), [low, high], atol=1e-5)


def test_counted_values_weigh_as_if_they_were_listed():
    listed = torch.tensor([0.1] * 5 + [0.2] * 3 + [0.7] * 4 + [0.9]).double()
    values, counts = listed.unique(return_counts=True)
    alike, _ = fuzzy_means(values, counts.double(), 2, 2.0, 300)
    expected, _ = fuzzy_means(listed, torch.ones(13).double(), 2, 2.0, 300)
    torch.testing.assert_close(alike, expected, atol=1e-6, rtol=0)


def test_memberships_sum_to_1_and_follow_the_distance():
    found = memberships(torch.tensor([[1.0, 3.0], [0.0, 2.0]]), 2.0)
    torch.testing.assert_close(found, torch.tensor([[0.75, 0.25], [1.0, 0.0]]))


def test_fuzzy_classes_of_a_brain_are_its_tissues():
    brain = brains(1)
    values = brain[brain > 0].double()
    lesion = torch.full((len(values) // 10,), 0.9).double()
    for sample in (values, torch.cat([values, lesion])):
        centres, _ = fuzzy_means(sample, torch.ones_like(sample), 3, 2.0, 200, noise_distance=3.0)
        np.testing.assert_allclose(centres, [0.2, 0.48, 0.55], atol=0.03)


def test_the_bright_flank_of_a_normal_distribution_is_its_sigma():
    values = torch.from_numpy(np.random.default_rng(0).normal(0.5, 0.04, 200_000))
    lesions = torch.full((4000,), 0.9)
    for sample in (values, torch.cat([values, lesions])):
        peak, sigma = bright_flank(sample, 2.0)
        assert abs(peak - 0.5) < 0.012
        assert 0.9 * 0.04 < sigma < 1.15 * 0.04


def test_the_thresholding_score_does_not_change_with_the_other_slices_order():
    sick, _ = with_blob(brains(3))
    model = built("threshold")
    torch.testing.assert_close(model.score(sick.flip(0)), model.score(sick).flip(0))


def test_the_stacked_autoencoder_learns_to_undo_its_masking():
    model, slices = built("stacked"), brains(1)
    torch.manual_seed(3)
    found = model.objectives()[0].terms(slices)["l1"]
    assert torch.isfinite(found)
    assert torch.isfinite(model.objectives()[0].terms(torch.zeros(1, 1, 64, 64))["l1"]), "even without any brain"
    torch.manual_seed(3)
    torch.testing.assert_close(model.objectives()[0].terms(slices)["l1"], found)


def test_masked_patches_are_as_bright_on_average_as_the_whole_ones_that_it_is_used_on():
    model, slices = built("stacked"), brains(1)
    seen = []
    model.layers.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    torch.manual_seed(3)
    model.objectives()[0].terms(slices)
    masked = seen[0]
    assert 0.2 < (masked == 0).float().mean() < 0.9
    patches = patches_of(slices, model.config.edge_px, model.config.learn_stride_px)
    whole = patches[(patches > 0).any(1)]
    assert masked.mean().item() == pytest.approx(whole.mean().item(), rel=0.1)


def test_the_slices_to_fit_to_are_few_and_every_cohort_gives_as_many():
    cohorts = [np.full((count, 4, 4), value, np.float16) for count, value in ((50, 1), (3, 2))]
    loaded = Loaded(cohorts, [], cohorts[0], np.arange(50), [])
    drawn = loaded.some(20, seed=0)
    assert drawn.dtype == np.float32
    assert [np.count_nonzero(drawn[:, 0, 0] == value) for value in (1, 2)] == [10, 3]
    distinct = Loaded([np.arange(50.0)[:, None, None]], [], cohorts[0], np.arange(50), [])
    np.testing.assert_array_equal(distinct.some(5, seed=1), distinct.some(5, seed=1))
    assert not np.array_equal(distinct.some(5, seed=1), distinct.some(5, seed=2))


@pytest.mark.parametrize(("name", "judged"), [("dictionary", True), ("fuzzy", False)])
def test_training_fits_what_needs_no_epochs_and_judges_what_reconstructs(name, judged, tmp_path, monkeypatch):
    monkeypatch.setattr("uad_core.train.finish.calibrate", no_calibration)
    cohort = open_cohort(picture_cohort(tmp_path / "controls", 4))
    config = TrainConfig(name, epochs=1, device="cpu", held_out=0.3, settings=FITTED.get(name, {}))
    stages = [progress.stage for progress in train(Training([cohort], config, tmp_path, name))]
    assert "train" not in stages
    checkpoint = load_checkpoint(name, tmp_path)
    assert (checkpoint.learned is not None) == judged
    assert (checkpoint.record["healthy_l1"] is not None) == judged
