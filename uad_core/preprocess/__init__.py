"""From a head scan to the slices that a model sees: strip, register, denoise, normalise, cut; and the way back."""

from uad_core.preprocess.config import PreprocessConfig
from uad_core.preprocess.infer import infer_config, inspect_scan
from uad_core.preprocess.preparation import crop_levels, prepare
from uad_core.preprocess.prepared import Prepared
from uad_core.preprocess.registration import register
from uad_core.preprocess.single_slice import prepare_slice
from uad_core.preprocess.step_images import StepImages, StepView, as_it_came, before_after

__all__ = [
    "Prepared", "PreprocessConfig", "StepImages", "StepView", "as_it_came", "before_after", "crop_levels",
    "infer_config", "inspect_scan", "prepare", "prepare_slice", "register",
]  # fmt: skip
