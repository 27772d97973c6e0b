"""An experiment from cohorts and checkpoints to a report, twice the same, with what is missing said."""

import argparse
import html
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from uad_core.atlas.space import MNI_18_LEVEL, Slab
from uad_core.atlas.template import template
from uad_core.cohorts.cohort import open_cohort
from uad_core.commands import experiment as command
from uad_core.evaluate.config import EvaluateConfig
from uad_core.evaluate.rows import EvaluationSession, table_rows
from uad_core.evaluate.score_cohort import score_cases
from uad_core.experiment import ExperimentConfig, cohorts, run_experiment
from uad_core.experiment.examples import ExampleCollector, best_and_poorest, leader, poorest, typical
from uad_core.experiment.models import _latents, card, select_models, train_all
from uad_core.experiment.realism import (
    MEASURED,
    BrainSlice,
    BrainSliceCollector,
    BrainSlices,
    compare,
    separability,
    spectra,
)
from uad_core.experiment.report import style
from uad_core.experiment.subtle_lesions import SubtleLesionCollector, finders, subtle_lesions
from uad_core.io.volume import ScanError
from uad_core.models import MODELS
from uad_core.models.calibration import BINS, Calibration, Reference, ResidualHistogram
from uad_core.models.checkpoint import build_model, load_checkpoint, save_checkpoint
from uad_core.pipeline.median import filtered
from uad_core.pipeline.postprocess import MEDIAN_SIZES, SIGNS, PostprocessConfig
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import DetectConfig, segment
from uad_core.render.slices import crop_box

SIZE = (189, 157)
SMALL = {"features": [4, 4], "latent": 4}


def draw_cohort(path, name, simulated, healthy=3, seed=0):
    """Two patients, one with a bright lesion and one with a grey one as well, and healthy subjects."""
    path.mkdir()
    brain = template().brain_mask[MNI_18_LEVEL][25 : 25 + SIZE[0], 41 : 41 + SIZE[1]]
    rows, columns = np.ogrid[: SIZE[0], : SIZE[1]]
    for number in range(2 + healthy):
        texture = ndimage.gaussian_filter(np.random.default_rng([seed, number]).random(brain.shape), 2)
        picture = np.where(brain, 100 + 200 * (texture - texture.mean()), 0)
        lesion = (rows - 90) ** 2 + (columns - 60) ** 2 <= 36
        if number < 2:
            picture[lesion] = 190
            if number == 1:
                lesion = lesion | ((rows - 60) ** 2 + (columns - 100) ** 2 <= 25)  # looks like its surroundings
            Image.fromarray(np.where(lesion, 255, 0).astype(np.uint8)).save(path / f"sub-{number}_lesion.png")
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(path / f"sub-{number}_FLAIR.png")
    (path / "cohort.json").write_text(json.dumps({"name": name, "simulated": simulated, "level": MNI_18_LEVEL}))
    return path


def write_checkpoint(folder, name, settings=None, trained_on=(), learned=True):
    counts = np.ones(BINS, np.int64)
    counts[BINS // 4 :] = 0
    histograms = {(signed, size): ResidualHistogram(counts) for signed in SIGNS for size in MEDIAN_SIZES}
    references = {kind: Reference(kind == "made", 1, 1.0, histograms) for kind in ("made", "real")}
    curve = [{"epoch": 0, "l1": 0.1, "validation": 0.1}, {"epoch": 1, "l1": 0.05, "validation": 0.06}]
    about = {"trained_on": list(trained_on), "loss_curve": curve, "learned": learned, "healthy_l1": 0.02, "epochs": 2}
    model = build_model(name, settings)
    save_checkpoint(folder / name, name, model, Slab(70, 20), Calibration(2.0, references), about)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Simulated and real cohorts, and checkpoints of small untrained models, one of them damaged."""
    path = tmp_path_factory.mktemp("place")
    draw_cohort(path / "made", "made", True)
    draw_cohort(path / "drawn", "drawn-real", False, seed=1)
    folder = path / "checkpoints"
    write_checkpoint(folder, "intensity", learned=None)
    for name in ("sae2", "svae", "anogan"):
        write_checkpoint(folder, name, SMALL)
    write_checkpoint(folder, "sae1", SMALL)
    (folder / "sae1.safetensors").write_bytes(b"damaged")
    return path


@pytest.fixture
def undrawn(monkeypatch):
    """Figures are made and not drawn, which takes most of the time."""
    monkeypatch.setattr(style, "encode_figure", lambda figure: b"picture")


def config_of(place, out, **changes):
    config = ExperimentConfig(out, True, (), (place / "drawn",), None, place / "checkpoints", resamples=50)
    return replace(config, **changes)


@pytest.fixture(scope="module")
def twice(place, tmp_path_factory):
    """The folders of two equal runs, and what the second printed."""
    folders = [tmp_path_factory.mktemp("out") for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohorts, "SAMPLES", place / "made")
        patch.setattr(style, "DPI", 40)
        for folder in folders:
            outcome = run_experiment(
                config_of(place, folder), "python -m uad_core experiment --quick", lambda line: None
            )
    return folders, outcome


def without_seconds(value):
    if isinstance(value, dict):
        return {
            key: without_seconds(one) for key, one in value.items() if key not in ("seconds_per_slice", "record_sha256")
        }
    return [without_seconds(one) for one in value] if isinstance(value, list) else value


def tables_of(page):
    """Model -> cells of each cohort's Table 1, in the page's order."""
    found = []
    for piece in page.split("<h3>Table 1</h3>")[1:]:
        rows = re.findall(r"<tr>(.*?)</tr>", piece.split("</table>")[0])
        cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", html.unescape(row).replace("<br>", " ")) for row in rows]
        found.append((cells[0], {row[0]: row for row in cells[1:]}))
    return found


def test_two_runs_give_identical_numbers_and_figures_but_for_the_seconds(twice):
    one, two = twice[0]
    names = sorted(str(path.relative_to(one)) for path in one.rglob("*") if path.is_file())
    assert names == sorted(str(path.relative_to(two)) for path in two.rglob("*") if path.is_file())
    for name in names:
        if name.endswith(".json"):
            records = [without_seconds(json.loads((folder / name).read_text())) for folder in (one, two)]
            assert records[0] == records[1], name
        elif name.endswith(".png"):
            assert (one / name).read_bytes() == (two / name).read_bytes(), name
    pages = [tables_of((folder / "report.html").read_text()) for folder in (one, two)]
    for (headings, first), (_, second) in zip(*pages, strict=True):
        timed = headings.index("Seconds a slice")
        for key in first:
            del first[key][timed], second[key][timed]
        assert first == second


def test_the_page_shows_the_numbers_of_each_cohorts_metrics_simulated_first(twice):
    folder = twice[0][0]
    tables = tables_of((folder / "report.html").read_text())
    assert len(tables) == 2
    for (headings, rows), name in zip(tables, ("samples", "drawn-real"), strict=True):
        metrics = json.loads((folder / name / "metrics.json").read_text())
        assert metrics["simulated"] == (name == "samples")
        assert list(rows) == ["intensity", "sae2", "svae", "plain-intensity"]
        for key, model in metrics["models"].items():
            assert rows[key][headings.index("AUPRC, pooled")].startswith(f"{model['auprc_pooled']:.3f}")
            shown = rows[key][headings.index("BEST CASE Dice, mean ± sd")]
            assert shown.startswith(f"{model['best_dice']:.3f} ± ")
            if model["dice_mean"] is not None:
                shown = rows[key][headings.index("Dice, mean ± sd")]
                assert shown.startswith(f"{model['dice_mean']:.3f} ± {model['dice_std']:.3f}")


def test_the_printed_tables_name_the_kind_and_the_best_case(twice):
    text = twice[1].tables
    assert text.index("SIMULATED scans: made") < text.index("REAL scans: drawn-real")
    assert "BEST CASE Dice" in text
    assert twice[1].report.name == "report.html"


def test_what_could_not_take_part_is_said(twice):
    page = html.unescape((twice[0][0] / "report.html").read_text())
    assert "sae1: The weights of checkpoint sae1 are damaged" in page
    assert "Models without a checkpoint: " in page
    assert "anogan searches for seconds a slice: it is not scored in a quick run" in page
    assert "nothing to learn" in page
    assert "This was a quick run" in page


def test_anogan_draws_and_shows_its_training_even_where_it_is_not_scored(twice):
    record = json.loads((twice[0][0] / "report.json").read_text())
    assert "anogan" in [one["name"] for one in record["checkpoints"]]
    assert all("anogan" not in cohort["models"] for cohort in record["cohorts"])
    assert record["latent"][0]["model"] == "sae2"
    assert len(record["realism"]) == 1


def test_nothing_that_is_written_names_a_folder_of_this_machine_or_asks_for_a_page(twice, place):
    for path in twice[0][0].rglob("*"):
        if path.suffix in (".json", ".tsv", ".html"):
            text = path.read_text()
            assert str(place) not in text, path.name
            assert not re.search(r"https?://|<script|<link", text), path.name


def scored(place, names, plain):
    """Cases and scores of the made cohort, and the rows."""
    cohort, config = open_cohort(place / "made"), EvaluateConfig()
    checkpoints = [load_checkpoint(name, place / "checkpoints") for name in names]
    session = EvaluationSession(cohort, tuple(table_rows(cohort, checkpoints, config, plain)), config)
    return [(progress.case, progress.scores) for progress in score_cases(session)], session.rows


def test_lesions_as_grey_as_the_brain_are_listed_and_bright_ones_are_not(place):
    (first, second, *_), _ = scored(place, [], True)
    for (case, _), expected in ((first, (1, 0)), (second, (2, 1))):
        total, found = subtle_lesions(case, 6.0)
        assert (total, len(found)) == expected
    assert found[0].record["ml"] == pytest.approx(0.08, rel=0.4)
    assert 5 <= found[0].record["rank"] <= 95


def test_a_lesion_is_found_by_the_rows_that_flag_a_tenth_of_it(place):
    ((case, scores), *_), _ = scored(place, ["intensity"], True)
    mask = case.on_grid(scores[0].mask)
    everything, nothing = np.argwhere(mask), np.argwhere(~mask)
    mostly_missed = np.concatenate([everything[:1], nothing[:10]])
    assert finders(case, scores, [everything, nothing, mostly_missed]) == [["intensity"], [], []]


def test_the_subtle_lesions_of_all_patients_are_listed_largest_first(place):
    cases, _ = scored(place, ["intensity"], True)
    collector = SubtleLesionCollector(6.0)
    case, scores = cases[1]
    for name, kept in (("b", case.truth), ("a", case.truth), ("c", ndimage.binary_erosion(case.truth[0])[None])):
        collector.on_case(replace(case, subject=replace(case.subject, name=name), truth=kept), scores)
    collector.on_case(*cases[0])
    lesions = collector.lesions()
    assert [record["subject"] for record in lesions.records] == ["a", "b", "c"], "the last one has no subtle lesion"
    assert [panel.subject for panel in lesions.panels] == ["a", "b", "c"]
    assert lesions.total == 7
    assert lesions.panels[0].mask.sum() == round(1000 * lesions.records[0]["ml"] / case.voxel_mm3)
    assert lesions.panels[0].note.endswith("mm³, level 87")


def test_the_example_shows_the_slice_that_was_scored(place):
    cases, rows = scored(place, ["intensity", "sae2"], True)
    collector = ExampleCollector(rows)
    for case, scores in cases:
        collector.on_case(case, scores)
    per_patient = [
        {"subject": case.subject.name, "model": score.row, "dice": number, "auprc": 0.5, "truth_ml": 1.0}
        for number, (case, scores) in enumerate(cases[:2]) for score in scores
    ]  # fmt: skip
    examples = collector.examples(per_patient)
    case, _ = cases[0]
    checkpoint = rows[0].checkpoint
    reconstruction = reconstruct(case.prepared, checkpoint)
    expected = filtered(reconstruction.residual(rows[0].signed), case.inside, 5)[0]
    flagged = segment(reconstruction, DetectConfig(98.0, None, "made", PostprocessConfig(rows[0].signed))).mask[0]
    box = crop_box(case.prepared.brain_mask)
    first, _, plain = examples.typical
    np.testing.assert_array_equal(first.values, np.where(case.inside[0], expected, 0)[box])
    np.testing.assert_array_equal(first.mask, flagged[box])
    assert first.black == pytest.approx(np.median(expected[case.inside[0]]))
    assert (plain.mask, plain.note) == (None, "")
    assert [panel.key for panel in examples.reconstructed] == ["sae2"]
    again = reconstruct(case.prepared, rows[1].checkpoint).array[0]
    np.testing.assert_allclose(examples.reconstructed[0].scan, (again * case.prepared.brain_mask[0])[box], atol=1e-6)
    assert [(panel.key, panel.subject) for panel in examples.worst] == [(row.key, "sub-0") for row in rows]
    shown = [(panel.key, panel.subject) for panel in examples.best_model]
    assert shown == [("intensity", cases[1][0].subject.name), ("intensity", "sub-0")]


def test_of_many_scans_every_so_many_th_gives_its_slice(place):
    cases, _ = scored(place, [], True)
    case, collector = cases[0][0], BrainSliceCollector(87)
    for number in range(2 * MEASURED):
        prepared = replace(case.prepared, array=np.full_like(case.prepared.array, number))
        collector.on_case(replace(case, prepared=prepared), ())
    found = collector.slices()
    assert [int(one.array[0, 0]) for one in found.slices] == list(range(0, 2 * MEASURED, 2))
    np.testing.assert_array_equal(found.slices[0].brain, (case.inside & ~case.truth)[0])
    elsewhere = BrainSliceCollector(50)
    elsewhere.on_case(case, ())
    assert elsewhere.slices() == BrainSlices(50, ())


def test_a_named_model_that_is_not_there_is_said_and_the_rest_goes_on(place, tmp_path):
    selection = select_models(
        config_of(place, tmp_path, models=("svae", "nobody", "plain-intensity")), place / "checkpoints"
    )
    assert [one.name for one in selection.scored] == ["svae"]
    assert selection.plain
    assert selection.missing[0].startswith("nobody: There is no checkpoint of that name")
    with pytest.raises(ValueError, match="nobody"):
        select_models(config_of(place, tmp_path, models=("nobody",)), place / "checkpoints")


def test_models_stand_in_the_order_of_the_list_model_0_first(place, tmp_path):
    names = [one.name for one in select_models(config_of(place, tmp_path), place / "checkpoints").checkpoints]
    assert names == sorted(names, key=list(MODELS).index)
    assert names[0] == "intensity"


@pytest.mark.parametrize(
    ("name", "learned", "said"),
    [
        ("sae2", True, "yes"),
        ("sae2", False, "no: did not learn"),
        ("ocsvm", None, "not known"),  # trained, but reconstructs nothing to be judged by
        ("dictionary", True, "yes"),  # fitted without a gradient
        ("fuzzy", None, "nothing to learn"),
    ],
)
def test_whether_a_checkpoint_learned_is_what_its_record_says(tmp_path, name, learned, said):
    write_checkpoint(tmp_path, name, learned=learned)
    assert card(load_checkpoint(name, tmp_path), 0).learned == said


def test_the_latents_of_the_study_are_counted():
    counts = {name: _latents(MODELS[name].config) for name in ("dae", "sae1", "sae2", "sae3", "denoiser")}
    assert counts == {"dae": 512, "sae1": 4096, "sae2": 4096, "sae3": 16384, "denoiser": None}


def test_healthy_subjects_that_were_trained_on_are_left_out_unless_they_share_a_brain(place, tmp_path):
    entry = {"cohort": "made", "subjects": ["sub-3", "sub-4"], "held_out": ["sub-2"]}
    write_checkpoint(tmp_path, "intensity", trained_on=[entry])
    site = cohorts.CohortSource(open_cohort(place / "made"), "made")
    known = [load_checkpoint("intensity", tmp_path)]
    kept = cohorts.to_evaluate(site, known)
    assert [one.name for one in kept.cohort.subjects] == ["sub-0", "sub-1", "sub-2"]
    assert kept.sentences[-1].startswith("2 healthy subjects")
    twin = replace(site.cohort.subjects[0], anatomy="sub-3")
    shared = replace(site, cohort=replace(site.cohort, subjects=(twin, *site.cohort.subjects[1:])))
    assert cohorts.to_evaluate(shared, known) is shared


def test_a_simulated_cohort_is_kept_and_one_of_another_seed_is_not_taken_for_it(place, tmp_path, monkeypatch):
    (tmp_path / "cohorts").mkdir()
    for name in ("simulated", "simulated-prepared"):
        draw_cohort(tmp_path / "cohorts" / name, "simulated", True)
    about = {"name": "simulated", "simulated": True, "seed": 2018, "healthy": 4, "ms": 4}
    (tmp_path / "cohorts" / "simulated" / "cohort.json").write_text(json.dumps(about))
    monkeypatch.setattr(cohorts, "simulate_cohort", lambda *a: pytest.fail("simulated again"))
    config = config_of(place, tmp_path, label_maps=(place / "map.nii.gz",), cohorts=())
    assert [site.folder for site in cohorts.gather(config, lambda line: None)] == ["simulated"]
    with pytest.raises(ValueError, match="another seed or size"):
        cohorts.gather(replace(config, seed=1), lambda line: None)


def test_a_folder_that_was_only_half_made_is_made_anew(tmp_path):
    def broken_off():
        with cohorts.complete_folder(tmp_path / "made") as part:
            part.mkdir()
            (part / "half").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert not (tmp_path / "made").exists()
    with cohorts.complete_folder(tmp_path / "made") as part:
        part.mkdir()
        (part / "all").touch()
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["all"]


def test_cohorts_of_one_name_have_folders_of_their_own(place, tmp_path, monkeypatch):
    monkeypatch.setattr(cohorts, "SAMPLES", place / "made")
    config = config_of(place, tmp_path, cohorts=(place / "drawn", place / "drawn"))
    folders = [site.folder for site in cohorts.gather(config, lambda line: None)]
    assert folders == ["samples", "drawn-real", "drawn-real-2"]


def test_models_are_trained_once_and_kept(place, tmp_path):
    config = config_of(place, tmp_path, train=1, models=("intensity", "sae1"))
    site, lines = cohorts.CohortSource(open_cohort(place / "made"), "made"), []
    chosen = cohorts.for_training([site], lines.append)
    folder, failed = train_all(config, chosen, lines.append)
    assert failed == []
    first = (folder / "sae1.json").read_bytes()
    assert load_checkpoint("sae1", folder).record["epochs"] == 1
    assert train_all(config, chosen, lines.append) == (folder, [])
    assert (folder / "sae1.json").read_bytes() == first
    assert lines[-1] == "sae1: trained already."
    with pytest.raises(ValueError, match="other epochs or seed"):
        train_all(replace(config, train=2), chosen, lines.append)


def test_without_healthy_subjects_there_is_no_training(place):
    cohort = open_cohort(place / "made")
    alone = replace(cohort, subjects=cohort.subjects[:3])
    with pytest.raises(ScanError, match="Training needs healthy subjects"):
        cohorts.for_training([cohorts.CohortSource(alone, "made")], lambda line: None)


def test_equal_slices_lie_at_no_distance_and_noise_raises_the_spectrum():
    rng = np.random.default_rng(0)
    brain = np.zeros((256, 256), bool)
    brain[60:200, 70:190] = True
    plain = [BrainSlice(np.where(brain, 0.5 + 0.1 * ndimage.gaussian_filter(rng.random(brain.shape), 3), 0), brain)]
    noisy = [replace(plain[0], array=plain[0].array + 0.05 * brain * rng.standard_normal(brain.shape))]
    assert spectra(noisy)[0, 40] > 10 * spectra(plain)[0, 40]
    found = {"a": BrainSlices(87, tuple(plain)), "b": BrainSlices(87, tuple(plain))}
    same = compare(found, {"a"})
    assert (same.distances[0]["intensity"], same.distances[0]["db"]) == ("0.0000", "0.00")
    apart = compare(found | {"b": BrainSlices(87, tuple(noisy))}, {"a"})
    assert float(apart.distances[0]["db"]) > 5
    assert compare(found, {"a", "b"}) is None
    assert compare(found | {"b": BrainSlices(50, tuple(plain))}, {"a"}) is None


def test_slices_of_one_kind_are_not_separability_and_those_with_more_noise_are():
    rng = np.random.default_rng(0)
    brain = np.zeros((256, 256), bool)
    brain[60:200, 70:190] = True

    def drawn(count: int, noise: float) -> list[BrainSlice]:
        return [BrainSlice(brain * (0.5 + noise * rng.standard_normal(brain.shape)), brain) for _ in range(count)]

    assert 0.2 < separability(drawn(20, 0.05), drawn(20, 0.05)) < 0.8
    assert separability(drawn(10, 0.05), drawn(10, 0.1)) == 1.0
    assert separability(drawn(4, 0.05), drawn(10, 0.1)) is None


def test_a_wave_stands_at_its_own_frequency():
    brain = np.ones((256, 256), bool)
    wave = np.tile(np.sin(2 * np.pi * np.arange(256) / 8), (256, 1)).astype(np.float32)
    assert int(spectra([BrainSlice(wave, brain)])[0].argmax()) == 96 // 8  # 1 / 8 cycles per mm


def test_the_typical_patient_is_the_median_one_and_the_poorest_the_lowest():
    rows = [
        {"subject": f"sub-{p}", "model": key, "dice": 0.1 * p, "auprc": 0.5} for p in range(5) for key in ("a", "b")
    ]
    assert (typical(rows), poorest(rows, "a"), poorest(rows, "c")) == ("sub-2", "sub-0", None)
    assert typical([]) is None


def test_of_the_leading_model_the_best_patients_come_first_then_the_worst_and_none_with_hardly_a_lesion():
    rows = [
        {"subject": f"sub-{p}", "model": key, "dice": 0.1 * p, "auprc": auprc, "truth_ml": 0.1 if p in (0, 9) else 2.0}
        for p in range(10) for key, auprc in (("a", 0.4), ("b", 0.6))
    ]  # fmt: skip
    unranked = [{"subject": "sub-1", "model": "c", "dice": None, "auprc": 0.9, "truth_ml": 2.0}]
    assert leader([*rows, *unranked]) == "b"
    assert best_and_poorest(rows, "b") == ("sub-8", "sub-7", "sub-6", "sub-1", "sub-2", "sub-3")
    few = [row for row in rows if row["subject"] in ("sub-1", "sub-2", "sub-3")]
    assert best_and_poorest(few, "a") == ("sub-3", "sub-1")
    assert (leader([]), best_and_poorest([], "a")) == (None, ())


@pytest.mark.parametrize("bad", [{"train": 0}, {"models": ()}])
def test_settings_that_mean_nothing_are_refused(bad, tmp_path):
    with pytest.raises(ValueError, match=r"at least one"):
        ExperimentConfig(tmp_path, **bad)


def test_the_command_prints_the_tables_and_records_itself_without_paths(place, tmp_path, monkeypatch, capsys, undrawn):
    monkeypatch.setattr(cohorts, "SAMPLES", place / "made")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    arguments = ["--quick", "--checkpoints", str(place / "checkpoints"), "--models", "intensity", "--out"]
    options = parser.parse_args([*arguments, str(tmp_path / "out")])
    options.run(options)
    printed = capsys.readouterr().out
    assert "SIMULATED scans: made, 2 patients" in printed
    assert "No real cohort: nothing here says how the models do on patients" in printed
    record = json.loads((tmp_path / "out" / "report.json").read_text())
    assert record["repeat"]["command"] == (
        "python -m uad_core experiment --quick --models intensity --checkpoints checkpoints --seed 2018 --out out"
    )
