"""All models by name. A model is a file in this folder and its `SPECS` in the one line below."""

from __future__ import annotations

from uad_core.models.contract import AnomalyModel, ModelSpec, Objective
from uad_core.models.families import (
    adversarial,
    anogan,
    autoencoder,
    denoising,
    dictionary,
    fuzzy,
    intensity,
    one_class,
    stacked,
    thresholding,
    variational,
)

FAMILIES = (
    intensity,
    autoencoder,
    variational,
    adversarial,
    anogan,
    denoising,
    dictionary,
    thresholding,
    fuzzy,
    stacked,
    one_class,
)
MODELS: dict[str, ModelSpec] = {spec.name: spec for family in FAMILIES for spec in family.SPECS}

__all__ = ["MODELS", "AnomalyModel", "ModelSpec", "Objective"]
