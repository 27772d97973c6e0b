"""One patient of an evaluation reviewed: the maps and masks behind the figures of the table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np

from uad_core.evaluate.metrics import dice
from uad_core.evaluate.rows import EvaluationSession, Row
from uad_core.evaluate.score_case import Case, load_case
from uad_core.io.marks import Marks
from uad_core.io.volume import ScanError
from uad_core.pipeline.median import filtered
from uad_core.pipeline.postprocess import mask_above
from uad_core.pipeline.reconstruct import Reconstruction, reconstruct
from uad_core.pipeline.segment import DetectConfig, segment

WHITE = 99.9  # percentile of a scan's filtered residuals that is shown white


@dataclass(frozen=True, eq=False)
class Map:
    """What one row of the table says of one scan."""

    row: Row
    values: np.ndarray  # (D, 256, 256) float32, filtered residual within the eroded brain, 0 elsewhere
    mask: np.ndarray | None  # (D, 256, 256) bool, flagged at the working threshold; None for a row without one
    white: float  # the residual that is to be shown white


def case_of(session: EvaluationSession, subject: str) -> Case:
    """That subject as it was scored. Raises ScanError where it cannot be read, or is not there any more."""
    found = next((one for one in session.cohort.subjects if one.name == subject), None)
    if found is None:
        raise ScanError("subject", "This subject is no longer in the cohort folder.")
    slab, known = session.levels()
    return load_case(found, slab, known, session.config.erosion_mm)


def map_of(session: EvaluationSession, case: Case, key: str, progress: Callable[[float], None] | None = None) -> Map:
    """Map and mask of the row `key`, through the chain of `evaluate`; reports the share done to `progress`."""
    row = next(row for row in session.rows if row.key == key)
    values = case.prepared.array
    if row.checkpoint and row.signed:
        values = reconstruct(case.prepared, row.checkpoint, progress).weighted(row.signed, session.config.look)
    values = filtered(values, case.inside, session.config.median_size)
    row, mask = row.in_scan(values, case.inside, session.config.false_discovery), None
    if row.thresholds:
        mask = mask_above(values, case.inside, row.thresholds[0], session.config.min_lesion_mm3)
    return Map(row, values, mask, max(float(np.percentile(values[case.inside], WHITE)), 1e-6))


def fullest(case: Case) -> int:
    """The slice with most lesion; without any, the one with most brain."""
    where = case.truth if case.truth.any() else case.inside
    return int(where.sum(axis=(1, 2)).argmax())


_CURVES: WeakKeyDictionary[Reconstruction, dict[tuple[object, ...], list[float]]] = WeakKeyDictionary()


def dice_over_percentile(
    reconstruction: Reconstruction, config: DetectConfig, marks: Marks, percentiles: Sequence[float]
) -> list[float]:
    """Dice with a truth on the slab at each percentile, else as in `config`; kept with the reconstruction."""
    curves = _CURVES.setdefault(reconstruction, {})
    configs = [replace(config, percentile=value, threshold=None) for value in percentiles]
    key = (*configs, hash((marks.inside.tobytes(), marks.ignored.tobytes())))
    if key not in curves:
        curves[key] = [dice(segment(reconstruction, one).mask & ~marks.ignored, marks.inside) for one in configs]
    return curves[key]
