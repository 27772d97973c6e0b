"""All models by name. A model is a file in `families` with `SPECS`, named in the one line below."""

from importlib import import_module

from uad_core.models.contract import AnomalyModel, ModelSpec, Objective

FAMILIES = (
    "intensity", "marking", "autoencoder", "variational", "adversarial", "anogan", "denoising",
    "dictionary", "thresholding", "fuzzy", "stacked", "one_class",
)  # fmt: skip
_SPECS = (spec for family in FAMILIES for spec in import_module(f"uad_core.models.families.{family}").SPECS)
MODELS: dict[str, ModelSpec] = {spec.name: spec for spec in _SPECS}
STRONGEST = "marker"  # by the table in the README: the default on the command line, offered first in the app
COMPARED = (STRONGEST, "denoiser", "intensity", "sae3")  # chosen at first where models are held against each other

__all__ = ["COMPARED", "MODELS", "STRONGEST", "AnomalyModel", "ModelSpec", "Objective"]
