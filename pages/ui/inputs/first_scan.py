"""The scan that the app opens on, detected before anybody asks: the first visitor need not wait for it."""

from pages.ui.inputs.scan import lighting, reconstructing
from pages.ui.inputs.selected_scan import FIRST, bundled
from pages.ui.shell.jobs import jobs
from uad_core.detect.presets import usual_config
from uad_core.io.volume import ScanError
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import CheckpointError, load_checkpoint
from uad_core.pipeline.segment import segment


def detect_first_scan() -> None:
    """As a visitor of the server's own, who stays: so do the results, for all others."""
    house, _ = jobs().arrive("the server's own", None)
    try:
        choice, checkpoint = bundled(FIRST), load_checkpoint(STRONGEST)
        found = reconstructing(choice, checkpoint, house).future.result()
        lighting(choice, found, house).future.result()
        segment(found, usual_config(checkpoint))  # loads the atlas, and filters the residual
    except (OSError, ScanError, CheckpointError):
        pass  # the page says it, to who opens it
