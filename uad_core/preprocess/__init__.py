"""From a head scan to the slices that a model sees: strip, register, denoise, normalise, cut; and the way back."""

from uad_core.preprocess.before_after import Stage, View, stages
from uad_core.preprocess.config import PreprocessConfig
from uad_core.preprocess.crop import narrowed
from uad_core.preprocess.infer import inspect, propose
from uad_core.preprocess.prepare import prepare
from uad_core.preprocess.prepared import Prepared, Step
from uad_core.preprocess.register import AffineTransform, register
from uad_core.preprocess.single_slice import prepare_slice
from uad_core.preprocess.user_atlas import load_atlas

__all__ = [
    "AffineTransform",
    "Prepared",
    "PreprocessConfig",
    "Stage",
    "Step",
    "View",
    "inspect",
    "load_atlas",
    "narrowed",
    "prepare",
    "prepare_slice",
    "propose",
    "register",
    "stages",
]  # fmt: skip
