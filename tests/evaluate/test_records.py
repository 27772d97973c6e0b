"""What is read off metrics.json: rows, who loses to model 0, where a threshold lies on a curve."""

import pytest

from tests.support.metrics import metrics_of, row_of
from uad_core.evaluate.metrics_file import Figure, ModelRow, model_rows
from uad_core.evaluate.records import against_model_0, baselines, by_patient, by_row, operating_point, subjects, visible


def row_with(difference):
    record = row_of(1) | {"difference_to_intensity": difference}
    return ModelRow.from_json("a", record)


def difference(mean, low, high):
    return {"auprc": {"mean": mean, "ci": [low, high], "patients": 4}}


def test_every_mean_of_a_row_is_found_whether_its_key_ends_in_mean_or_not():
    record = row_of(1)
    row = ModelRow.from_json("a", record)
    assert row.dice == Figure(record["dice_mean"], *record["dice_ci"], record["dice_std"])
    assert row.best_dice == Figure(record["best_dice"], *record["best_dice_ci"], record["best_dice_std"])
    assert row.auprc_pooled == Figure(record["auprc_pooled"], *record["auprc_pooled_ci"])
    assert (row.threshold, row.reference_kind, row.seen["anatomy"]) == (0.1, "simulated", 2)


def test_a_row_without_a_threshold_has_no_reference_and_no_weights():
    """Of plain intensity metrics.json leaves these keys out."""
    record = row_of(1) | {"reference": None, "threshold": None, "percentile": None, "dice_by_percentile": None}
    for key in ("reference_simulated", "reference_scans", "reference_ml"):
        del record[key]
    row = ModelRow.from_json("plain-intensity", record)
    assert (row.reference, row.reference_scans, row.sha256, row.learned) == (None, 0, None, None)
    assert row.dice_by_percentile == {}


@pytest.mark.parametrize(
    ("mean", "low", "high", "verdict"),
    [(-0.2, -0.3, -0.1, "below"), (-0.1, -0.3, 0.1, "level"), (0.2, 0.1, 0.3, "above"), (-0.1, -0.2, 0.0, "level")],
)
def test_a_model_is_below_model_0_where_the_whole_interval_is(mean, low, high, verdict):
    assert against_model_0(row_with(difference(mean, low, high))).verdict == verdict


def test_a_difference_to_model_0_is_said_with_its_interval_and_is_none_without():
    against = against_model_0(row_with(difference(-0.0943, -0.1903, 0.0014)))
    assert against.words == "\N{MINUS SIGN}0.094 (\N{MINUS SIGN}0.190 to +0.001)"
    for nothing in (None, {}, difference(-0.1, None, None), difference(None, None, None)):
        assert against_model_0(row_with(nothing)) is None


def test_every_row_is_held_against_model_0_of_its_own_sign():
    rows = [
        ("a:absolute", "a", "absolute"), ("a:positive", "a", "positive"), ("b", "b", None),
        ("i:absolute", "intensity", "absolute"), ("i:positive", "intensity", "positive"),
    ]  # fmt: skip
    assert baselines(rows) == {
        "a:absolute": "i:absolute", "a:positive": "i:positive", "b": "i:absolute",
        "i:absolute": "i:absolute", "i:positive": "i:positive",
    }  # fmt: skip
    assert baselines(rows[2:3]) == {"b": None}


def test_the_working_threshold_is_found_on_the_curve():
    curves = {"threshold": [0.9, 0.5, 0.1], "recall": [0.1, 0.6, 1.0], "precision": [1.0, 0.8, 0.3]}
    assert operating_point(curves, 0.4) == (0.6, 0.8)
    assert operating_point(curves, 0.5) == (0.1, 1.0)  # a voxel is flagged above the threshold, not at it
    assert operating_point(curves, 0.95) is None
    assert operating_point(curves, None) is None


def test_a_histogram_shows_nearly_all_voxels_and_the_threshold():
    normal, anomalous = [9000, 900, 95, 4, 1, 0, 0, 0, 0, 0], [0] * 10
    assert visible(normal, anomalous, None) == pytest.approx(0.4)  # 9995 of 10000 lie in three of ten bins, one more
    assert visible(normal, anomalous, 0.6) == pytest.approx(0.69)
    assert visible(normal, anomalous, 1.0) == 1.0
    assert visible([0] * 10, anomalous, None) == pytest.approx(0.2)


def test_a_subjects_records_are_found_by_row_and_a_rows_by_subject():
    records = [
        {"subject": "a", "model": "x", "auprc": 1.0},
        {"subject": "b", "model": "x", "auprc": None},
        {"subject": "a", "model": "y", "auprc": 0.5},
    ]
    metrics = {"per_patient": records}
    assert by_patient(metrics, "a") == {"x": records[0], "y": records[2]}
    assert by_row(metrics, "x") == {"a": 1.0}
    assert subjects(metrics) == ["a", "b"]


def test_the_rows_stand_in_the_order_of_the_file():
    assert [row.key for row in model_rows(metrics_of("made", True))] == ["intensity", "sae3", "dae"]
