"""`python -m uad_core experiment`: the paper's comparison of models, in one report."""

import argparse
from pathlib import Path

from tqdm import tqdm

from uad_core import RESEARCH_ONLY
from uad_core.commands.simulate import label_maps_in
from uad_core.evaluate.rows import PLAIN
from uad_core.experiment import ExperimentConfig, run_experiment
from uad_core.io.command_words import as_words, command_line
from uad_core.io.paths import CHECKPOINTS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--quick", action="store_true", help="few patients and no AnoGAN scores: within 10 minutes")
    parser.add_argument(
        "--label-maps",
        type=Path,
        metavar="FOLDER",
        help="FreeSurfer-style label maps to simulate 83 healthy subjects and 49 patients from",
    )
    parser.add_argument(
        "--cohort",
        type=Path,
        metavar="FOLDER",
        action="append",
        default=[],
        help="another cohort; may be given more than once",
    )
    parser.add_argument("--models", help=f"separated by commas (default: all checkpoints, and {PLAIN})")
    parser.add_argument(
        "--checkpoints",
        type=Path,
        metavar="FOLDER",
        default=CHECKPOINTS,
        help="of checkpoints (default: the project's)",
    )
    parser.add_argument("--train", type=int, metavar="EPOCHS", help="train every model first, into OUT/checkpoints")
    parser.add_argument("--seed", type=int, default=2018, help="of simulation and bootstrap (default: %(default)s)")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="for all files; a second run continues where the first ended",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Run it, print the tables and where the report lies."""
    models = options.models and tuple(name.strip() for name in options.models.split(",") if name.strip())
    config = ExperimentConfig(
        out=options.out,
        quick=options.quick,
        label_maps=tuple(label_maps_in(options.label_maps)) if options.label_maps else (),
        cohorts=tuple(options.cohort),
        models=models,
        checkpoints=options.checkpoints,
        train=options.train,
        seed=options.seed,
    )
    print(RESEARCH_ONLY)
    with tqdm(bar_format="{desc} [{elapsed}]") as bar:
        outcome = run_experiment(config, command_line("experiment", recorded_words(options)), bar.set_description_str)
    print(outcome.tables)
    print(outcome.report)


def recorded_words(options: argparse.Namespace) -> list[str]:
    """The arguments again, folders by their last name only: a path may name a patient or a user."""
    label_maps, elsewhere = options.label_maps, options.checkpoints != CHECKPOINTS
    return as_words({
        "quick": options.quick,
        "label_maps": label_maps.resolve().name if label_maps else None,
        "cohort": [path.resolve().name for path in options.cohort],
        "models": options.models,
        "checkpoints": options.checkpoints.resolve().name if elsewhere else None,
        "train": options.train,
        "seed": options.seed,
        "out": options.out.resolve().name,
    })  # fmt: skip
