"""`python -m uad_core detect`: a scan in, a lesion mask out."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from uad_core import RESEARCH_ONLY
from uad_core.atlas.space import SLABS
from uad_core.commands import FILE, FOLDER, add_checkpoints, add_slab
from uad_core.detect.from_file import DetectRequest, detect_file
from uad_core.detect.presets import command_line, read_preset, usual_config
from uad_core.doors.pacs import PacsSeries, fetch_flair, store_results
from uad_core.io.read_scan import series_in
from uad_core.io.volume import ScanError
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import Checkpoint, load_checkpoint
from uad_core.pipeline.postprocess import (
    LOOKS,
    LOOKS_WITHOUT_MASK,
    MEDIAN_SIZES,
    SIGNS,
    Look,
    PostprocessConfig,
)
from uad_core.pipeline.segment import DetectConfig
from uad_core.preprocess.from_file import STEPS, PrepareOptions

KINDS = "NIfTI, MGZ or NRRD file, DICOM folder, or an archive of one"
POSTPROCESS = ("signed", "median_size", "erosion_mm", "min_lesion_mm3", "look")
DETECT = ("percentile", "threshold", "reference", "false_discovery")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    add = parser.add_argument
    add("scan", type=Path, nargs="?", help=f"FLAIR head scan: {KINDS}")
    add("--out", **FOLDER, required=True, help="for the results")
    add_setting(parser, LOOKS)
    add("--look-mask", **FILE, help="mask on the scan's grid within which alone to look; sets --look own-mask")
    add("--brain-mask", **FILE, help="brain mask on the scan's grid; replaces skull stripping")
    add("--atlas", **FILE, help="skull-stripped image in SRI24 space; replaces the template")
    text = "the _mask.json of a mask of this scan that was corrected by hand in the app: correct this one likewise"
    add("--edits", **FILE, help=text)
    text = "put thirty lesions of known size and contrast into the scan and say which are found; up to a minute"
    add("--sensitivity", action="store_true", help=text)
    add_steps(parser)
    text = "number of the DICOM series to take, of the list that is printed where there are several; its UID in a PACS"
    add("--series", metavar="N", help=f"{text} (default: the FLAIR of the head, if it is clear which that is)")
    add("--dicomweb", metavar="URL", help="take the series --study and --series from this DICOMweb server")
    add("--study", metavar="UID", help="of the series in the PACS")
    text = "send the mask back as DICOM SEG and a summary as DICOM SR, each a new series of the same study"
    add("--store", action="store_true", help=text)
    add(
        "--subject",
        help="label in file names, such as 07_ses-1 (default: what BIDS says in the scan's name, else scan)",
    )
    parser.set_defaults(run=run)


def add_setting(parser: argparse.ArgumentParser, looks: Sequence[Look] = LOOKS_WITHOUT_MASK) -> None:
    """Model and setting; without defaults here, as a preset may give them."""
    post, add = PostprocessConfig(), parser.add_argument
    add("--preset", **FILE, help="settings saved in the app; other options override them")
    add("--model", help=f"name of the checkpoint (default: {STRONGEST})")
    add_checkpoints(parser)
    text = "per cent of healthy residuals below the threshold (default: what suits the model; the paper: 98)"
    add("--percentile", type=float, help=text)
    add("--threshold", type=float, help="residual in normalised intensity, in place of the percentile")
    text = "per cent of the flagged voxels that may be false on average; raises the percentile's threshold, so that "
    more = "nothing is flagged where nothing stands out from healthy brains"
    add("--false-discovery", type=float, metavar="RATE", help=text + more)
    text = "where: everywhere, or where white-matter disease lies (harmful for stroke) (default: everywhere)"
    add("--look", choices=looks, help=text)
    add("--reference", help="healthy cohort that the percentile refers to (default: a real one if there is one)")
    text = f"edge of the median filter, voxels of 1 mm (default: {post.median_size})"
    add("--median-size", type=int, choices=MEDIAN_SIZES, help=text)
    add("--signed", choices=SIGNS, help="residual: absolute, or only too bright (default: what suits the model)")
    add("--erosion-mm", type=float, help=f"rim taken off the brain mask (default: {post.erosion_mm:g})")
    add("--min-lesion-mm3", type=float, help=f"smaller regions are removed (default: {post.min_lesion_mm3:g})")


def add_steps(parser: argparse.ArgumentParser) -> None:
    """Levels and steps of the preparation."""
    add_slab(parser, "those that the model knows")
    for step, text in (
        ("strip", "remove the skull"),
        ("register", "register to the atlas"),
        ("shading", "even out shading"),
    ):
        parser.add_argument(f"--{step}", action=argparse.BooleanOptionalAction, help=f"{text} (default: automatic)")


def chosen_setting(options: argparse.Namespace) -> tuple[Checkpoint, DetectConfig]:
    """Model and setting: each option as given, else as the preset has it, else the default.

    A percentile or rate that is given replaces a preset's threshold, which would win over it otherwise.
    """
    preset = read_preset(options.preset) if options.preset else None
    checkpoint = load_checkpoint(options.model or (preset.model if preset else STRONGEST), options.checkpoints)
    config = preset.config if preset else usual_config(checkpoint)
    if options.percentile is not None or options.false_discovery is not None:
        config = replace(config, threshold=None)
    post = replace(config.postprocess, **_given(options, *POSTPROCESS))
    if getattr(options, "look_mask", None):
        post = replace(post, look="own-mask")
    return checkpoint, replace(config, **_given(options, *DETECT), postprocess=post)


def chosen_options(options: argparse.Namespace) -> PrepareOptions:
    """What overrides the automatic preprocessing; a command need not have all of its options."""
    slab = SLABS[options.slab] if options.slab else None
    names = (*STEPS, "brain_mask", "look_mask", "atlas", "series")
    given = {name: getattr(options, name, None) for name in names}
    if getattr(options, "dicomweb", None):
        given["series"] = None  # a UID, of which one series came
    elif given["series"] is not None:
        given["series"] = _whole(given["series"])
    return PrepareOptions(slab, **given)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ScanError("no_such_series", "A series in files is picked by its number in the list, such as --series 2.")
    return int(text)


def _source(options: argparse.Namespace) -> Path | list[bytes]:
    """The file that was named, or the series in the PACS. Raises ScanError where it is not clear which."""
    if bool(options.scan) == bool(options.dicomweb):
        raise ScanError("source", "Name one scan: a file or folder, or --dicomweb URL --study UID --series UID.")
    if not options.dicomweb:
        if options.store or options.study:
            raise ScanError("source", "--store and --study go with --dicomweb URL.")
        return Path(options.scan)
    if not options.study or not options.series:
        raise ScanError("source", "A series in a PACS is named by --study UID and --series UID.")
    return fetch_flair(PacsSeries(options.dicomweb, options.study, options.series))


def _given(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def run(options: argparse.Namespace) -> None:
    """Detect, showing progress on one line; prints what was found and where it was written."""
    checkpoint, config = chosen_setting(options)
    prepare_options = chosen_options(options)
    command = command_line(checkpoint, config, prepare_options, options.edits is not None)
    print(RESEARCH_ONLY)
    source = _source(options)
    if len(series := series_in(source, prepare_options.series)) > 1:
        print(*series, sep="\n")
    with tqdm(total=100, unit="%", bar_format="{desc:<14}{bar}{percentage:3.0f}%") as bar:

        def report(step: str, fraction: float) -> None:
            bar.set_description(step)
            bar.update(100 * fraction - bar.n)

        request = DetectRequest(
            source, checkpoint, config, prepare_options, options.subject, command, options.sensitivity, options.edits
        )
        result = detect_file(request, options.out, report)
    for sentence in result.sentences:
        print(sentence)
    for path in result.files:
        print(path)
    if options.store:
        print(store_results(PacsSeries(options.dicomweb, options.study, options.series), result))
