"""All models by name. A model is a file in this folder and its `SPECS` in the one line below."""

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
STRONGEST = "denoiser"  # by the table in the README: the default on the command line, offered first in the app
COMPARED = (STRONGEST, "intensity", "sae3", "svae")  # chosen at first where models are held against each other

__all__ = ["COMPARED", "MODELS", "STRONGEST", "AnomalyModel", "ModelSpec", "Objective"]
