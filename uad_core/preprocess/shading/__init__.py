"""Coil shading: a smooth field over the brain, estimated beside lesions that it must not take for itself."""

from uad_core.preprocess.shading.estimate import ShadingConfig, estimate_shading
from uad_core.preprocess.shading.field import ShadingField

__all__ = ["ShadingConfig", "ShadingField", "estimate_shading"]
