"""`python -m uad_core picture`: scan, reconstruction, residual and segmentation of one slice, side by side."""

import argparse
from pathlib import Path

from uad_core.commands import FILE
from uad_core.commands.detect import KINDS, add_setting, chosen_setting
from uad_core.detect.lights import cautions, lights_of, stamp_of
from uad_core.io.atomic import write_atomically
from uad_core.io.nifti import read_lesions
from uad_core.pipeline.reconstruct import reconstruct
from uad_core.pipeline.segment import segment
from uad_core.preprocess.from_file import PrepareOptions, prepare_scan
from uad_core.render.png import decode, encode
from uad_core.render.slices import stamped, strip_png
from uad_core.render.views import Overlay, slice_views


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command: those of `detect` that make the setting, a level and a reference mask."""
    parser.add_argument("scan", type=Path, help=f"FLAIR head scan: {KINDS}")
    add_setting(parser)
    parser.add_argument("--level", type=int, help="axial level in the atlas, mm (default: that of the largest region)")
    parser.add_argument("--truth", **FILE, help="reference mask on the scan's grid, drawn as an outline")
    parser.add_argument("--out", **FILE, required=True, help="PNG file to write")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Detect and draw."""
    checkpoint, config = chosen_setting(options)
    prepared = prepare_scan(options.scan, checkpoint.slab, PrepareOptions(), lambda step, share: None)
    truth = prepared.to_slab(read_lesions(options.truth, prepared.scan).inside) if options.truth else None
    reconstruction = reconstruct(prepared, checkpoint)
    segmentation = segment(reconstruction, config)
    levels, level = prepared.slab.levels, options.level
    if level is None:
        level = levels[segmentation.lesions[0].centre_voxel[0] if segmentation.lesions else len(levels) // 2]
    if level not in levels:
        raise ValueError(f"Level {level} was not searched; there are {levels[0]} to {levels[-1]}.")
    overlay = Overlay(segmentation.mask, truth)
    *pictures, marked = slice_views(reconstruction, level - levels[0], overlay, config.postprocess, marked=True)
    captions = ("Scan", "Reconstruction", "What differs", f"Flagged, percentile {segmentation.percentile:.1f}")
    lights = lights_of(reconstruction)
    if doubt := stamp_of(lights):
        marked = encode(stamped(decode(marked).convert("RGB"), doubt))
    write_atomically(options.out, strip_png([*pictures, marked], captions))
    print(*cautions(reconstruction, lights), options.out, sep="\n")
