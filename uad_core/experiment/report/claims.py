"""What the paper's text claims, held against the figures of a cohort; its Table 1 is not used."""

import numpy as np

from uad_core.cohorts.persons import person_of
from uad_core.evaluate.metrics import paired_difference
from uad_core.evaluate.records import by_row
from uad_core.experiment.contents import CohortResults

SPATIAL = ("sae1", "sae2", "sae3", "svae", "sae-gan", "svae-gan")
DENSE = ("dae", "dvae")
LITTLE = "Adversarial training adds little"
CLAIMS = (  # sections 3.2 and 4 of Baur et al. 2018, as pairs of models whose AUPRC is compared
    *(("Spatial ahead of dense", left, right) for left in SPATIAL for right in DENSE),
    *(("Spatial (but sAE1) ahead of AnoGAN", left, "anogan") for left in SPATIAL[1:]),
    ("16 x 16 loses less than 8 x 8", "sae3", "sae1"),
    (LITTLE, "sae-gan", "sae3"),
    (LITTLE, "svae-gan", "svae"),
    *(("VAE-GAN has the highest AUPRC", "svae-gan", other) for other in SPATIAL[:-1]),
)


def verdicts(results: CohortResults) -> list[list[str]]:
    """Claim, pair, difference with interval, and verdict, for each pair of which both models are there.

    A claim that one is ahead is "yes" where the whole 95 % interval of the paired difference lies above 0, "no,
    reversed" where it lies below, and otherwise "not shown". "Little" is a judgement left to the reader.
    """
    config = results.metrics["config"]
    found = []
    for claim, left, right in CLAIMS:
        sides = [by_row(results.metrics, key) for key in (left, right)]
        if not all(sides):
            continue
        names = sorted(set(sides[0]) & set(sides[1]))
        pair = [np.array([side[name] for name in names], float) for side in sides]
        value = paired_difference(pair[0], pair[1], config["resamples"], config["seed"], list(map(person_of, names)))
        shown = f"{value.mean:+.3f}"
        if np.isnan(value.low):
            verdict = "too few patients to say"
        else:
            shown += f" [{value.low:+.3f}, {value.high:+.3f}]"
            verdict = "yes" if value.low > 0 else "no, reversed" if value.high < 0 else "not shown: interval holds 0"
            if claim == LITTLE:
                verdict = "a gain" if value.low > 0 else "a loss" if value.high < 0 else "no difference shown"
        found.append([claim, f"{left} less {right}", shown.replace("-", "−"), verdict])
    return found
