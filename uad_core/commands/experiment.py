"""`python -m uad_core experiment`: the paper's comparison of models, in one report."""

import argparse

from tqdm import tqdm

from uad_core import RESEARCH_ONLY
from uad_core.commands import FOLDER, FOLDERS, add_checkpoints, last_name, listed
from uad_core.commands.simulate import label_maps_in
from uad_core.evaluate.rows import PLAIN
from uad_core.experiment import ExperimentConfig, run_experiment
from uad_core.io.command_words import as_words, command_line
from uad_core.io.paths import CHECKPOINTS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    add = parser.add_argument
    add("--quick", action="store_true", help="few patients and no AnoGAN scores: within 10 minutes")
    text = "FreeSurfer-style label maps to simulate 83 healthy subjects and 49 patients from"
    add("--label-maps", **FOLDER, help=text)
    add("--cohort", **FOLDERS, help="another cohort; may be given more than once")
    add("--models", help=f"separated by commas (default: all checkpoints, and {PLAIN})")
    add_checkpoints(parser)
    add("--train", type=int, metavar="EPOCHS", help="train every model first, into OUT/checkpoints")
    add("--seed", type=int, default=2018, help="of simulation and bootstrap (default: %(default)s)")
    add("--out", **FOLDER, required=True, help="for all files; a second run continues where the first ended")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Run it, print the tables and where the report lies."""
    same = {name: getattr(options, name) for name in ("out", "quick", "checkpoints", "train", "seed")}
    maps = tuple(label_maps_in(options.label_maps)) if options.label_maps else ()
    models = options.models and tuple(listed(options.models))
    config = ExperimentConfig(**same, label_maps=maps, cohorts=tuple(options.cohort), models=models)
    print(RESEARCH_ONLY)
    with tqdm(bar_format="{desc} [{elapsed}]") as bar:
        outcome = run_experiment(config, command_line("experiment", recorded_words(options)), bar.set_description_str)
    print(outcome.tables)
    print(outcome.report)


def recorded_words(options: argparse.Namespace) -> list[str]:
    """The arguments again, folders by their last name only."""
    return as_words({
        "quick": options.quick,
        "label_maps": last_name(options.label_maps) if options.label_maps else None,
        "cohort": [last_name(path) for path in options.cohort],
        "models": options.models,
        "checkpoints": last_name(options.checkpoints) if options.checkpoints != CHECKPOINTS else None,
        "train": options.train,
        "seed": options.seed,
        "out": last_name(options.out),
    })  # fmt: skip
