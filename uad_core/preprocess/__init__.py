"""From a head scan to the slices that a model sees: strip, register, denoise, normalise, cut; and the way back."""

from uad_core.preprocess.config import PreprocessConfig
from uad_core.preprocess.prepare import Prepared, Step, load_atlas, prepare, prepare_slice
from uad_core.preprocess.propose import inspect, propose
from uad_core.preprocess.register import AffineTransform, register

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
