"""The models of `FAMILIES`, loaded."""

from importlib import import_module

from uad_core.models import FAMILIES
from uad_core.models.contract import ModelSpec
from uad_core.models.families.autoencoder import PAPER

_SPECS = (spec for family in FAMILIES for spec in import_module(f"uad_core.models.families.{family}").SPECS)
MODELS: dict[str, ModelSpec] = {spec.name: spec for spec in _SPECS}
PAPER_MODELS = tuple(name for name, spec in MODELS.items() if PAPER in spec.source)
