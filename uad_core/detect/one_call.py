"""Detection from Python, in one call."""

from collections.abc import Sequence
from pathlib import Path

from uad_core.detect.from_file import Detection, DetectRequest, detect_file
from uad_core.detect.presets import command_line, usual_config
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import Checkpoint, load_checkpoint
from uad_core.pipeline.segment import DetectConfig
from uad_core.preprocess.from_file import PrepareOptions


def detect(
    scan: str | Path | bytes | Sequence[bytes],
    out: str | Path | None = None,
    *,
    model: str | Checkpoint = STRONGEST,
    config: DetectConfig | None = None,
    prepare_options: PrepareOptions | None = None,
    subject: str | None = None,
) -> Detection:
    """Mark what a model of the healthy brain cannot reconstruct in one scan, as the command `detect` does.

    `scan`: a path to NIfTI, MGZ, NRRD, a DICOM folder or an archive, or the bytes of such files. `out`: a folder for
    the result files, as BIDS derivatives; None: nothing is written. `model`: a checkpoint, or its name. `config` and
    `prepare_options`: by default those of the command. `subject`: label in the file names. Raises ScanError and
    CheckpointError, with a sentence that says what to do, and OSError where the results could not be written.
    """
    checkpoint = load_checkpoint(model) if isinstance(model, str) else model
    config, prepare_options = config or usual_config(checkpoint), prepare_options or PrepareOptions()
    command = command_line(checkpoint, config, prepare_options)
    source = Path(scan) if isinstance(scan, str) else scan
    request = DetectRequest(source, checkpoint, config, prepare_options, subject, command)
    return detect_file(request, None if out is None else Path(out))
