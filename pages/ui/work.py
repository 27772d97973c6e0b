"""The slow work behind every tuning page: done once per scan and model, outside the script."""

from __future__ import annotations

from collections.abc import Callable

from pages.ui.jobs import jobs, wait_for
from pages.ui.scans import Choice
from uad_core.atlas import Slab
from uad_core.checkpoint import Checkpoint
from uad_core.detect import prepare_scan
from uad_core.pipeline import Reconstruction, reconstruct
from uad_core.preprocess import Prepared


def prepared_scan(choice: Choice, slab: Slab) -> Prepared:
    """The scan as models see it; shows progress instead of the rest of the page until it is there."""
    return wait_for(
        jobs().start((choice.key, slab), lambda show: prepare_scan(choice.source, slab, choice.wishes, show))
    )


def reconstruction_of(choice: Choice, prepared: Prepared, checkpoint: Checkpoint) -> Reconstruction:
    """What the checkpoint's model makes of it, likewise."""

    def work(show: Callable[[str, float], None]) -> Reconstruction:
        return reconstruct(prepared, checkpoint, lambda share: show(f"reconstruct with {checkpoint.name}", share))

    return wait_for(jobs().start((choice.key, checkpoint.sha256), work))
