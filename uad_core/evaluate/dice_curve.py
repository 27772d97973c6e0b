"""Dice over the percentile of healthy residuals."""

from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np

from uad_core.evaluate.metrics import dice
from uad_core.pipeline.reconstruct import Reconstruction
from uad_core.pipeline.segment import DetectConfig, segment

_CURVES: WeakKeyDictionary[Reconstruction, dict[tuple[object, ...], list[float]]] = WeakKeyDictionary()


def dice_over_percentile(
    reconstruction: Reconstruction, config: DetectConfig, truth: np.ndarray, percentiles: Sequence[float]
) -> list[float]:
    """Dice with a (D, 256, 256) reference mask at each percentile, all else as in `config`; NaN without a truth.

    Computed once for a setting and kept as long as the reconstruction is, as it costs a segmentation each.
    """
    curves = _CURVES.setdefault(reconstruction, {})
    key = (config.postprocess, config.reference, hash(truth.tobytes()), tuple(percentiles))
    if key not in curves:
        masks = (
            segment(reconstruction, replace(config, percentile=value, threshold=None)).mask for value in percentiles
        )
        curves[key] = [dice(mask, truth) for mask in masks]
    return curves[key]
