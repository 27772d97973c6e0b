"""The command line: `python -m uad_core COMMAND`; each command is a file in `commands/`.

Two are kept outside the library: the benchmark, and the recipe that made the FLAIR template.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from uad_core import RESEARCH_ONLY, __version__
from uad_core.io.errors import is_out_of_memory, sentence
from uad_core.io.output import check_file, check_folder
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import CheckpointError

COMMANDS = {
    "detect": "mark what a model of the healthy brain cannot reconstruct in one scan",
    "followup": "compare two scans of one person: new, enlarged, shrunk, resolved and stable regions",
    "bids": "detect in all scans of a BIDS dataset, as a BIDS App",
    "serve": "detect for other programs, over HTTP",
    "models": "list the models, each with its idea and its weakness",
    "picture": "draw one slice of a detection as a PNG",
    "train": "train a model on the healthy subjects of cohort folders",
    "calibrate": "give a trained model a healthy reference of your own scans, without training",
    "sample": "let a VAE, a VAE-GAN or AnoGAN invent slices, as a PNG",
    "evaluate": "score models on a cohort with lesion masks",
    "settings": "try models and settings on a few scans of your own with reference masks, and propose one",
    "experiment": "repeat the paper's comparison of models, as one HTML report",
    "preprocess": "prepare a cohort once, so that training on it starts at once",
    "simulate": "simulate a cohort of FLAIR scans from label maps",
    "template": "rebuild the FLAIR template from label maps",
    "bench": "measure the speeds given in the README",
}
WRITE_ONE_FILE = ("picture", "sample")
INTERRUPTED = 130  # as shells have it: 128 and the number of the signal
OUTSIDE = {"template": "tools.template", "bench": "benchmarks.bench"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns the exit status: 0; 2 with one sentence on stderr for an unusable input; 130 for Ctrl-C, also with one.
    """
    try:
        options = _parser(sys.argv[1:] if arguments is None else arguments).parse_args(arguments)
        _check_output(options)
        return options.run(options) or 0
    except KeyboardInterrupt:
        print("uad_core: Stopped by Ctrl-C; no file was left half-written.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # as of `| head`, which reads no further
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ScanError, CheckpointError, ValueError, FloatingPointError, OSError) as error:
        return _refusal(error)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        return _refusal(error)
    return 0


def _refusal(error: Exception) -> int:
    print(f"uad_core: {sentence(error)}", file=sys.stderr)
    return 2


def _check_output(options: argparse.Namespace) -> None:
    """Raises ScanError where the results could not be written: before the work that leads to them."""
    if out := getattr(options, "out", None):
        (check_folder if options.out_is_folder else check_file)(out)
    if run := getattr(options, "run_folder", None):
        check_folder(run, "the run is to be kept")


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Of all commands; only the one that is asked for is imported, since some take seconds to."""
    parser = argparse.ArgumentParser(prog="python -m uad_core", description=RESEARCH_ONLY)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name in words:
            import_module(OUTSIDE.get(name, f"uad_core.commands.{name}")).add_arguments(command)
            command.set_defaults(out_is_folder=name not in WRITE_ONE_FILE)
    return parser


if __name__ == "__main__":
    sys.exit(main())
