"""`python -m uad_core settings`: a few own scans with reference masks in; a proposed setting as a preset out."""

import argparse

from tqdm import tqdm

from uad_core import RESEARCH_ONLY
from uad_core.cohorts.find import usable_cohort
from uad_core.commands import FOLDER, add_checkpoints, listed
from uad_core.detect.presets import Preset
from uad_core.evaluate.setting_study import LEAST, MOST, config_of, study_settings, study_table
from uad_core.io.atomic import write_atomically
from uad_core.models import STRONGEST
from uad_core.models.checkpoint import load_checkpoint

NAME = "Own scans"  # of the preset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    text = f"folder of {LEAST} to {MOST} scans named <subject>_FLAIR.*, each with <subject>_lesion.*"
    parser.add_argument("--cohort", **FOLDER, required=True, help=text)
    text = "names of checkpoints, separated by commas (default: %(default)s)"
    parser.add_argument("--models", default=f"{STRONGEST},intensity", help=text)
    parser.add_argument("--out", **FOLDER, required=True, help="for settings.tsv and preset.json")
    add_checkpoints(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Try all settings, print the proposed one, write the table and the preset."""
    print(RESEARCH_ONLY)
    checkpoints = [load_checkpoint(name, options.checkpoints) for name in listed(options.models)]
    with tqdm(total=100, unit="%", bar_format="{desc:<18}{bar}{percentage:3.0f}%") as bar:

        def report(step: str, share: float) -> None:
            bar.set_description(step)
            bar.update(100 * share - bar.n)

        study = study_settings(usable_cohort(options.cohort), checkpoints, report)
    for sentence in (*study.refused, study.sentence):
        print(sentence)
    chosen = next(one for one in checkpoints if one.name == study.best.setting[0])
    preset = Preset(NAME, chosen.name, config_of(study.best, chosen))
    for name, data in (("settings.tsv", study_table(study)), ("preset.json", preset.to_json())):
        write_atomically(options.out / name, data.encode())
        print(options.out / name)
