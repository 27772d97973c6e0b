"""The slow work behind every tuning page: done once per scan and model, outside the script."""

from collections.abc import Callable

from pages.ui.inputs.scan import SelectedScan
from pages.ui.shell.tasks import Cancelled, Job, jobs, wait_for
from uad_core.atlas.space import Slab
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.reconstruct import Reconstruction, reconstruct
from uad_core.preprocess import Prepared
from uad_core.preprocess.from_file import prepare_scan


def prepared_scan(choice: SelectedScan, slab: Slab) -> Prepared:
    """The scan as models see it; shows progress instead of the rest of the page until it is there."""
    return wait_for(_preparation(choice, slab))


def reconstruction_of(choice: SelectedScan, checkpoint: Checkpoint) -> Reconstruction:
    """What the checkpoint's model makes of it, likewise."""
    work = reconstructing(choice, checkpoint)
    prepared_scan(choice, checkpoint.slab)
    return wait_for(work)


def reconstructing(choice: SelectedScan, checkpoint: Checkpoint) -> Job[Reconstruction]:
    """The job behind `reconstruction_of`, for who does not wait for it. The scan is prepared first."""
    preparation = _preparation(choice, checkpoint.slab)

    def work(on_progress: Callable[[str, float], None]) -> Reconstruction:
        prepared = preparation.future.result()  # is there, or has failed: jobs are done in the order of their start
        if preparation.cancelled:
            raise Cancelled
        return reconstruct(
            prepared, checkpoint, lambda share: on_progress(f"reconstruct with {checkpoint.name}", share)
        )

    return jobs().start((choice.key, checkpoint.sha256), work)


def _preparation(choice: SelectedScan, slab: Slab) -> Job[Prepared]:
    return jobs().start(
        (choice.key, slab), lambda on_progress: prepare_scan(choice.source, slab, choice.prepare_options, on_progress)
    )
