"""`python -m uad_core template`: the FLAIR template anew, from label maps."""

from __future__ import annotations

import argparse
from pathlib import Path

from uad_core.cohorts.simulate.template import build_template, read_target, write_template
from uad_core.commands.simulate import label_maps_in


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--label-maps", type=Path, required=True, help="folder of FreeSurfer-style label maps")
    parser.add_argument("--target", type=Path, required=True, help="image in the space wanted: SRI24's late.nii.gz")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Build, printing how it goes."""
    for sentence, average in build_template(label_maps_in(options.label_maps), read_target(options.target)):
        print(sentence)
        if average:
            write_template(average)
