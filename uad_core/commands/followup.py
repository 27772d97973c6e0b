"""`python -m uad_core followup`: two scans of one person in, what changed between them out."""

import argparse
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from uad_core import RESEARCH_ONLY
from uad_core.commands import FOLDER
from uad_core.commands.detect import KINDS, add_setting, add_steps, chosen_options, chosen_setting
from uad_core.detect.followup import MEDIAN, WIDER, FollowUpRequest, follow_up, usual_follow_up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command: two scans, and those of `detect` that make the setting."""
    parser.add_argument("first", type=Path, help=f"the earlier FLAIR head scan: {KINDS}")
    parser.add_argument("second", type=Path, help="the later one, of the same person")
    parser.add_argument("--out", **FOLDER, required=True, help="for the results")
    add_setting(parser)
    add_steps(parser)
    parser.add_argument("--subject", help="label in file names (default: what BIDS says in the first scan's name)")
    parser.epilog = (
        f"Without a preset the median is {MEDIAN}, and the percentile flags {WIDER:g} times as much of a healthy brain "
        "as with detect: what both dates share is no change."
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Compare, showing progress on one line; prints what changed and where it was written."""
    checkpoint, config = chosen_setting(options)
    if not options.preset:
        if options.percentile is None:
            config = replace(config, percentile=usual_follow_up(checkpoint).percentile)
        if options.median_size is None:
            config = replace(config, postprocess=replace(config.postprocess, median_size=MEDIAN))
    print(RESEARCH_ONLY)
    with tqdm(total=100, unit="%", bar_format="{desc:<32}{bar}{percentage:3.0f}%") as bar:

        def report(step: str, fraction: float) -> None:
            bar.set_description(step)
            bar.update(100 * fraction - bar.n)

        request = FollowUpRequest(
            options.first, options.second, checkpoint, config, chosen_options(options), options.subject
        )
        found = follow_up(request, options.out, report)
    for sentence in (*found.doubts, *found.notes):
        print(sentence)
    print(found.dates.sentence)
    for path in found.files:
        print(path)
