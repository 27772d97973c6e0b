"""`make setup`: prepare the bundled scan that the app opens on, so that its first picture need not wait for it.

    python -m tools.first_scan

Once: what was prepared stays until the program changes. Whatever happens, setup goes on.
"""

from contextlib import suppress

from pages.ui.inputs.selected_scan import FIRST, bundled
from uad_core.io.volume import ScanError
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import CheckpointError, checkpoint_slab
from uad_core.preprocess.prepare_once import prepare_once


def main() -> None:
    """The app says what is wrong, if something is."""
    scan = bundled(FIRST)
    if isinstance(scan.source, bytes):
        with suppress(OSError, ScanError, CheckpointError):
            prepare_once(scan.source, checkpoint_slab(STRONGEST), scan.prepare_options, lambda step, share: None)


if __name__ == "__main__":
    main()
