"""Two scans of one person in, what changed between them out: files as of a detection, a table and a page to print."""

from dataclasses import dataclass, replace
from pathlib import Path

from uad_core.atlas.space import WHOLE_BRAIN, Slab
from uad_core.detect.export import BIDS_IGNORE, DATASET_DESCRIPTION
from uad_core.detect.followup_doubts import date_doubts, pair_doubts
from uad_core.detect.followup_files import follow_up_files
from uad_core.detect.presets import usual_config
from uad_core.detect.result_files import checked_label, free_label, path_of, subject_label, write_results
from uad_core.io.output import check_folder
from uad_core.io.read_scan import ScanSource, read_scan
from uad_core.io.volume import Volume
from uad_core.models.checkpoint import Checkpoint
from uad_core.pipeline.change import TwoDates, compare_dates
from uad_core.pipeline.reconstruct import Reconstruction, reconstruct
from uad_core.pipeline.segment import DetectConfig
from uad_core.preprocess import Prepared, crop_levels
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan
from uad_core.preprocess.preparation import OnStep
from uad_core.preprocess.second_scan import prepare_second

WIDER, MEDIAN = 1.5, 3  # times as much is flagged of a healthy brain as on one date: what both share is no change


@dataclass(frozen=True)
class FollowUpRequest:
    """Two scans, the earlier first, and how they are compared; the options are for both."""

    first: ScanSource | Volume
    second: ScanSource | Volume
    checkpoint: Checkpoint
    config: DetectConfig
    prepare_options: PrepareOptions
    subject: str | None = None  # label in the file names; by default what BIDS says in the first path's own name


@dataclass(frozen=True, eq=False)
class FollowUp:
    """What changed, and what it was seen in."""

    before: Reconstruction
    after: Reconstruction
    dates: TwoDates
    doubts: tuple[str, ...]  # sentences: what speaks against it
    label: str = "scan"
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()  # sentences: on what lay where the files were written


def usual_follow_up(checkpoint: Checkpoint) -> DetectConfig:
    """The setting of a comparison: more sensitive than that of one scan."""
    usual = usual_config(checkpoint)
    percentile = round(100 - WIDER * (100 - usual.percentile), 2)
    return replace(usual, percentile=percentile, postprocess=replace(usual.postprocess, median_size=MEDIAN))


def follow_up(
    request: FollowUpRequest, out: Path | None, on_progress: OnStep = lambda step, fraction: None
) -> FollowUp:
    """Compare two scans and write the results into `out`; None: write nothing. Raises as `detect_file` does."""
    if out is not None:
        check_folder(out)
    slab = levels_of(request)
    before, after = prepared_pair(request, on_progress)
    drawn = []
    for number, prepared in enumerate((before, after)):

        def report(share: float, number: int = number) -> None:
            on_progress("reconstruct both", 0.8 + 0.1 * (number + share))

        drawn.append(reconstruct(crop_levels(prepared, slab), request.checkpoint, report))
    first = request.first
    label = subject_label(first.name if isinstance(first, Path) else "")
    label = checked_label(request.subject) if request.subject else label
    dates = compare_dates(drawn[0], drawn[1], request.config)
    doubts = (*date_doubts(drawn[0], drawn[1]), *pair_doubts(dates))
    if out is None:
        return FollowUp(drawn[0], drawn[1], dates, doubts, label)
    scans = [one.prepared.scan for one in drawn]
    label, found = free_label(out, label, request.checkpoint.name, *scans)
    results = follow_up_files(drawn[0], drawn[1], dates, request.config, label, doubts)
    files = {out / path_of(name, label): data for name, data in results.items()}
    kept = write_results(out, files, BIDS_IGNORE, DATASET_DESCRIPTION)
    return FollowUp(drawn[0], drawn[1], dates, doubts, label, tuple(files), (*found, *kept))


def levels_of(request: FollowUpRequest) -> Slab:
    """Those that are compared."""
    return request.prepare_options.slab or request.checkpoint.slab


def prepared_pair(request: FollowUpRequest, on_progress: OnStep) -> tuple[Prepared, Prepared]:
    """The first scan at all levels, and the second at those of the model, registered to the first."""
    options = replace(request.prepare_options, slab=WHOLE_BRAIN)
    scans = [
        source if isinstance(source, Volume) else read_scan(source, options.series)
        for source in (request.first, request.second)
    ]
    first = prepare_scan(scans[0], WHOLE_BRAIN, options, lambda step, share: on_progress(f"first: {step}", 0.4 * share))
    second = prepare_second(
        scans[1],
        first,
        levels_of(request),
        options,
        lambda step, share: on_progress(f"second: {step}", 0.4 + 0.4 * share),
    )
    return first, second
