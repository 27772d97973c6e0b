"""What a model makes of a scan with a painted lesion, without reconstructing what the paint leaves alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np

from uad_core.pipeline.reconstruct import Reconstruction, reconstruct, reconstruct_slices
from uad_core.teaching.paint import PaintedLesion, paint


def repaint(
    reconstruction: Reconstruction,
    lesion: PaintedLesion,
    intensities: Sequence[float],
    on_progress: Callable[[float], None] | None = None,
) -> Iterator[Reconstruction]:
    """What the model makes of the scan with the lesion in each grey: equal to reconstructing each anew, but cheaper.

    A model that looks at slices one by one reconstructs only those that the lesion changes. One that
    scores a voxel by the whole scan, as model 0 does by rank, gets the whole scan each time.
    """
    prepared, checkpoint = reconstruction.prepared, reconstruction.checkpoint
    levels = np.flatnonzero(reconstruction.searched.any(axis=(1, 2)))
    touched = np.intersect1d(lesion.touched(prepared), levels)
    for number, intensity in enumerate(intensities):
        started = perf_counter()
        painted, _ = paint(prepared, lesion, intensity)

        def report(share: float, number: int = number) -> None:
            if on_progress:
                on_progress((number + share) / len(intensities))

        if checkpoint.model.slices_at_once is None:
            yield reconstruct(painted, checkpoint, report)
            continue
        array = reconstruction.array.copy()
        if touched.size:
            array[touched] = reconstruct_slices(checkpoint.model, painted.array[touched], report)
        seconds = perf_counter() - started
        yield replace(reconstruction, prepared=painted, array=array, seconds=seconds)
