"""All models by name. A model is a file in `families` with `SPECS`, named in the one line below.

What needs torch is loaded by the first who asks for it: torch takes longer to load than all else together.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uad_core.models.contract import AnomalyModel, ModelSpec, Objective
    from uad_core.models.registry import MODELS, PAPER_MODELS

FAMILIES = (
    "intensity", "marking", "autoencoder", "variational", "adversarial", "anogan", "denoising",
    "dictionary", "thresholding", "fuzzy", "stacked", "one_class",
)  # fmt: skip
PAPER_VIEWS = 249_000  # slices that the paper showed each of them: 83 subjects, 20 slices, 150 epochs
STRONGEST = "marker"  # by the table in the README: the default on the command line, offered first in the app
COMPARED = (STRONGEST, "denoiser", "intensity", "sae3")  # chosen at first where models are held against each other

__all__ = ["COMPARED", "MODELS", "PAPER_MODELS", "PAPER_VIEWS", "STRONGEST", "AnomalyModel", "ModelSpec", "Objective"]


def __getattr__(name: str) -> Any:
    if name in ("MODELS", "PAPER_MODELS"):
        return getattr(import_module("uad_core.models.registry"), name)
    if name in ("AnomalyModel", "ModelSpec", "Objective"):
        return getattr(import_module("uad_core.models.contract"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
