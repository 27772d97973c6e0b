"""The sentence on what was found never reads healthier than healthy, and names the control that helps."""

from dataclasses import replace

import numpy as np
import pytest

from uad_core.detect.from_file import summary
from uad_core.pipeline.lesions import Lesion
from uad_core.pipeline.segment import DetectConfig, Segmentation

REGION = Lesion(1, 3000.0, (0.0, 0.0, 0.0), (0, 0, 0), 0.5, "white matter", "left", "white matter 100 %")
FOUND = Segmentation(
    np.zeros((1, 1, 1), bool), 0.5, 98.0, "healthy", (REGION,), flagged_ml=3.0, searched_ml=350.0, healthy_ml=7.0,
    config=DetectConfig(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("healthy_ml", "config", "said"),
    [
        (0.5, DetectConfig(), "healthy brain of this size."),
        (2.0, DetectConfig(), "not much less than here, so choose a higher percentile"),
        (7.0, DetectConfig(), "as much as here or more, so choose a higher percentile"),
        (7.0, DetectConfig(threshold=0.4), "as much as here or more, so choose a higher threshold"),
        (7.0, DetectConfig(false_discovery=5.0), "as much as here or more, so choose a lower rate"),
    ],
)
def test_what_a_healthy_brain_would_show_is_held_against_what_is_shown(healthy_ml, config, said):
    assert said in summary(replace(FOUND, healthy_ml=healthy_ml, config=config))


@pytest.mark.parametrize(
    ("lowest_rate", "said"),
    [
        (None, "in a region of at least 6 mm³."),
        (11.2, "in a region of at least 6 mm³. A rate of 12 % would flag some."),
        (4.0, "in a region of at least 6 mm³."),  # some voxels were flagged, too few of them together
        (np.inf, " No rate up to 50 % would flag one."),
    ],
)
def test_where_a_rate_flags_nothing_the_sentence_names_one_that_would(lowest_rate, said):
    sentence = summary(replace(FOUND, lesions=(), lowest_rate=lowest_rate, config=DetectConfig(false_discovery=5.0)))
    assert sentence.startswith("No voxel above the threshold")
    assert sentence.endswith(said)
