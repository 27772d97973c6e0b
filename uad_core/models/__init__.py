"""All models by name. A model is a file in this folder and its `SPECS` in the one line below."""

from __future__ import annotations

from uad_core.models import autoencoder
from uad_core.models.spec import AnomalyModel, ModelSpec, Objective

MODELS: dict[str, ModelSpec] = {spec.name: spec for spec in (*autoencoder.SPECS,)}

__all__ = ["MODELS", "AnomalyModel", "ModelSpec", "Objective"]
