"""All models by name. A model is a file in `families` with `SPECS`, named in the one line below."""

from importlib import import_module

from uad_core.models.contract import AnomalyModel, ModelSpec, Objective
from uad_core.models.families.autoencoder import PAPER

FAMILIES = (
    "intensity", "marking", "autoencoder", "variational", "adversarial", "anogan", "denoising",
    "dictionary", "thresholding", "fuzzy", "stacked", "one_class",
)  # fmt: skip
_SPECS = (spec for family in FAMILIES for spec in import_module(f"uad_core.models.families.{family}").SPECS)
MODELS: dict[str, ModelSpec] = {spec.name: spec for spec in _SPECS}
PAPER_MODELS = tuple(name for name, spec in MODELS.items() if PAPER in spec.source)
PAPER_VIEWS = 249_000  # slices that the paper showed each of them: 83 subjects, 20 slices, 150 epochs
STRONGEST = "marker"  # by the table in the README: the default on the command line, offered first in the app
COMPARED = (STRONGEST, "denoiser", "intensity", "sae3")  # chosen at first where models are held against each other

__all__ = ["COMPARED", "MODELS", "PAPER_MODELS", "PAPER_VIEWS", "STRONGEST", "AnomalyModel", "ModelSpec", "Objective"]
