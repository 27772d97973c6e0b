"""From a head scan to the slices that a model sees: strip, register, denoise, normalise, cut; and the way back."""

from uad_core.preprocess.config import PreprocessConfig
from uad_core.preprocess.picture import prepare_slice
from uad_core.preprocess.prepare import prepare
from uad_core.preprocess.prepared import Prepared, Step
from uad_core.preprocess.propose import inspect, propose
from uad_core.preprocess.register import AffineTransform, register
from uad_core.preprocess.target import load_atlas

__all__ = [
    "AffineTransform",
    "Prepared",
    "PreprocessConfig",
    "Step",
    "inspect",
    "load_atlas",
    "prepare",
    "prepare_slice",
    "propose",
    "register",
]  # fmt: skip
