"""A scan's file in, result files out: the whole chain in one call, for the command line and scripts."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from uad_core.detect.export import BIDS_IGNORE, DATASET_DESCRIPTION, export
from uad_core.detect.lights import stamp
from uad_core.detect.result_files import checked_label, free_label, path_of, subject_label, write_results
from uad_core.io.output import check_folder
from uad_core.io.read_scan import ScanSource, read_scan
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.look import SENTENCES
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import DetectConfig, Segmentation, segment
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan
from uad_core.preprocess.preparation import OnStep


@dataclass(frozen=True, eq=False)
class Detection:
    """Attributes: the `segmentation`, the `files` written, and `sentences` that say what was done and found."""

    segmentation: Segmentation
    files: tuple[Path, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class DetectRequest:
    """What is to be detected, and how."""

    source: ScanSource  # NIfTI, or a DICOM series as a folder, a zip or its files; a path or bytes. See `read_scan`
    checkpoint: Checkpoint
    config: DetectConfig
    prepare_options: PrepareOptions = field(default_factory=PrepareOptions)
    subject: str | None = None  # label in the file names; by default what BIDS says in the path's own name
    command: str = ""  # how to run this again, for the record


def detect_file(request: DetectRequest, out: Path, on_progress: OnStep = lambda step, fraction: None) -> Detection:
    """Detect lesions in one scan and write the results below `out`, as BIDS derivatives.

    `on_progress`: called with a step's name and the share of it that is done. Raises ScanError: the scan or mask cannot
    be used, or a step failed on it, nothing can be written to `out`, or results of another scan would be replaced:
    nothing is written; OSError: the results could not be written.
    """
    source, checkpoint, config = request.source, request.checkpoint, request.config
    check_folder(out)
    own_name = source.name if isinstance(source, Path) else ""
    label = checked_label(request.subject) if request.subject else subject_label(own_name)
    scan = read_scan(source, request.prepare_options.series)
    label, found = free_label(out, label, checkpoint.name, scan)
    prepared = prepare_scan(scan, checkpoint.slab, request.prepare_options, on_progress)
    reconstruction = reconstruct(prepared, checkpoint, lambda fraction: on_progress("reconstruct", fraction))
    segmentation = segment(reconstruction, config)
    results = export(reconstruction, segmentation, config, label, request.command)
    paths = {out / path_of(name, label): data for name, data in results.items()}
    left_alone = write_results(out, paths, BIDS_IGNORE, DATASET_DESCRIPTION)
    record = json.loads(next(data for name, data in results.items() if name.endswith("_mask.json")))
    steps = tuple(f"{step.sentence} ({step.seconds:.1f} s)" for step in prepared.steps)
    red = stamp(check["Name"] for check in record["Checks"] if check["Light"] == "red")
    doubts = (*record["Warnings"], *([f"{red}."] if red else []))
    sentences = (*steps, *doubts, *found, *left_alone, summary(segmentation))
    return Detection(segmentation, tuple(paths), sentences)


def summary(segmentation: Segmentation) -> str:
    """One sentence on what was found; an empty mask is never called healthy."""
    percentile, healthy_ml = segmentation.percentile, segmentation.healthy_ml
    rank = f"percentile {percentile:.2f}" if percentile < 99.995 else "beyond percentile 99.99"
    at = f"threshold {segmentation.threshold:.4f} ({rank} of {segmentation.reference})"
    config = segmentation.config
    if config.false_discovery is not None and config.threshold is None:
        at += f", of a false-discovery rate of {config.false_discovery:g} %"
    looked = f" {SENTENCES[config.postprocess.look]}".rstrip()
    if not segmentation.lesions:
        return f"No voxel above the {at}.{looked}"
    count = len(segmentation.lesions)
    most = "at most " if looked else "about "
    healthy = f"{most}{healthy_ml:.2f} ml" if healthy_ml >= 0.005 else "less than 0.01 ml"
    return (
        f"{count} {'region' if count == 1 else 'regions'}, {segmentation.flagged_ml:.2f} ml, above the {at}. "
        f"The same threshold flags {healthy} in a healthy brain of this size.{looked}"
    )
