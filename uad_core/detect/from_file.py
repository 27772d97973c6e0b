"""A scan's file in, result files out: the whole chain in one call, for the command line and scripts."""

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from uad_core.detect.export import BIDS_IGNORE, DATASET_DESCRIPTION, export
from uad_core.detect.hand_edits import by_hand, read_edits
from uad_core.detect.lights import cautions, lights_of, stamp_of
from uad_core.detect.result_files import checked_label, free_label, path_of, subject_label, write_results
from uad_core.io.output import check_folder
from uad_core.io.read_scan import ScanSource, read_scan
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.edits import edited
from uad_core.pipeline.lesions import Lesion
from uad_core.pipeline.look import SENTENCES
from uad_core.pipeline.reconstruct import Reconstruction, reconstruct
from uad_core.pipeline.segment import HIGHEST_RATE, DetectConfig, Segmentation, segment
from uad_core.pipeline.sensitivity import measure_sensitivity
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan
from uad_core.preprocess.preparation import OnStep
from uad_core.quality import Check


@dataclass(frozen=True, eq=False)
class Detection:
    """What was found in one scan, and how."""

    reconstruction: Reconstruction  # what the model drew, with the prepared scan that it saw
    segmentation: Segmentation
    files: tuple[Path, ...]  # that were written; none without a folder for them
    sentences: tuple[str, ...]  # what was done and found
    lights: tuple[Check, ...]  # the checks of the scan

    @property
    def lesions(self) -> tuple[Lesion, ...]:
        """The regions, largest first."""
        return self.segmentation.lesions

    @property
    def summary(self) -> str:
        """One sentence on what was found."""
        return self.sentences[-1]

    @cached_property
    def mask(self) -> np.ndarray:
        """The lesion mask, uint8 (i, j, k) in the axes of the scan's file: the voxels of `*_mask.nii.gz`."""
        prepared = self.reconstruction.prepared
        return prepared.scan.to_source(prepared.to_scan(self.segmentation.mask, order=0).astype(np.uint8))


@dataclass(frozen=True)
class DetectRequest:
    """What is to be detected, and how."""

    source: ScanSource  # NIfTI, or a DICOM series as a folder, a zip or its files; a path or bytes. See `read_scan`
    checkpoint: Checkpoint
    config: DetectConfig
    prepare_options: PrepareOptions = field(default_factory=PrepareOptions)
    subject: str | None = None  # label in the file names; by default what BIDS says in the path's own name
    command: str = ""  # how to run this again, for the record
    sensitivity: bool = False  # whether lesions are put into the scan to see which are found; takes up to a minute
    edits: Path | None = None  # the JSON beside a mask of this scan that a hand corrected: the same is done here


def detect_file(
    request: DetectRequest, out: Path | None, on_progress: OnStep = lambda step, fraction: None
) -> Detection:
    """Detect lesions in one scan and write the results below `out`, as BIDS derivatives; None: write nothing.

    `on_progress`: called with a step's name and the share of it that is done. Raises ScanError: the scan or mask cannot
    be used, or a step failed on it, nothing can be written to `out`, or results of another scan would be replaced:
    nothing is written; OSError: the results could not be written.
    """
    source, checkpoint = request.source, request.checkpoint
    if out is not None:
        check_folder(out)
    own_name = source.name if isinstance(source, Path) else ""
    label = checked_label(request.subject) if request.subject else subject_label(own_name)
    scan = read_scan(source, request.prepare_options.series)
    label, found = free_label(out, label, checkpoint.name, scan) if out is not None else (label, ())
    edits = None if request.edits is None else read_edits(request.edits, scan)
    prepared = prepare_scan(scan, checkpoint.slab, request.prepare_options, on_progress)
    reconstruction = reconstruct(prepared, checkpoint, lambda fraction: on_progress("reconstruct", fraction))
    segmentation, lights = segment(reconstruction, request.config), lights_of(reconstruction)
    if request.sensitivity:
        measured = measure_sensitivity(
            reconstruction, request.config, lambda fraction: on_progress("put lesions in", fraction)
        )
        segmentation = replace(segmentation, sensitivity=measured)
    segmentation = edited(segmentation, reconstruction, edits) if edits else segmentation
    paths: dict[Path, bytes] = {}
    left_alone: tuple[str, ...] = ()
    if out is not None:
        results = export(reconstruction, segmentation, request.config, label, request.command, lights)
        paths = {out / path_of(name, label): data for name, data in results.items()}
        left_alone = write_results(out, paths, BIDS_IGNORE, DATASET_DESCRIPTION)
    steps = tuple(f"{step.sentence} ({step.seconds:.1f} s)" for step in prepared.steps)
    red = stamp_of(lights)
    doubts = (*cautions(reconstruction, lights), *([f"{red}."] if red else []))
    limits = (segmentation.sensitivity.sentence,) if segmentation.sensitivity else ()
    sentences = (*steps, *doubts, *found, *left_alone, *limits, summary(segmentation))
    return Detection(reconstruction, segmentation, tuple(paths), sentences, lights)


def summary(segmentation: Segmentation) -> str:
    """One sentence on what was found; an empty mask is never called healthy."""
    percentile, healthy_ml = segmentation.percentile, segmentation.healthy_ml
    rank = f"percentile {percentile:.2f}" if percentile < 99.995 else "beyond percentile 99.99"
    config = segmentation.config
    by_rate = config.false_discovery is not None and config.threshold is None
    rate = f"; a false-discovery rate of at most {config.false_discovery:g} %" if by_rate else ""
    reference = f"{segmentation.reference}{', single slices' if segmentation.of_slices else ''}"
    at = f"threshold {segmentation.threshold:.4f} ({rank} of {reference}{rate})"
    looked = f" {SENTENCES[config.postprocess.look]}".rstrip()
    corrected = by_hand(segmentation)
    if corrected and not segmentation.lesions:
        return f"No region is left above the {at}, corrected by hand: {corrected}.{looked}"
    if not segmentation.lesions:
        least = config.postprocess.min_lesion_mm3
        region = f" in a region of at least {least:g} mm³" if least else ""
        return f"No voxel above the {at}{region}.{_from_rate(segmentation)}{looked}"
    count = len(segmentation.lesions)
    most = "at most " if looked else "about "
    healthy = f"{most}{healthy_ml:.2f} ml" if healthy_ml >= 0.005 else "less than 0.01 ml"
    beside = f"That threshold flags {healthy} in a healthy brain of this size"
    if segmentation.near_rim:
        beside = "What that threshold flags in a healthy brain is not known so near to its rim"
    elif healthy_ml > segmentation.flagged_ml / 2:
        much = "not much less than here" if healthy_ml < segmentation.flagged_ml else "as much as here or more"
        better = "a lower rate" if by_rate else f"a higher {'percentile' if config.threshold is None else 'threshold'}"
        beside += f": {much}, so choose {better} to be specific"
    return (
        f"{count} {'region' if count == 1 else 'regions'}, {segmentation.flagged_ml:.2f} ml, above the {at}"
        f"{f', corrected by hand: {corrected}' if corrected else ''}. {beside}.{looked}"
    )


def _from_rate(segmentation: Segmentation) -> str:
    """Where a false-discovery rate flags nothing: which one would."""
    rate, asked = segmentation.lowest_rate, segmentation.config.false_discovery
    if rate is None or asked is None or rate <= asked:  # then the smallest size leaves nothing
        return ""
    if rate > HIGHEST_RATE:
        return f" No rate up to {HIGHEST_RATE} % would flag one."
    return f" A rate of {math.ceil(rate)} % would flag some."
