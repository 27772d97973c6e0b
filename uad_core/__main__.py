"""The command line: `python -m uad_core COMMAND`; each command is a file in `commands/`.

Two stand beside the library in the project's folder: what measures it, and what made its template.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from uad_core import RESEARCH_ONLY, __version__
from uad_core.io.errors import sentence
from uad_core.io.volume import ScanError
from uad_core.models.checkpoint import CheckpointError

COMMANDS = {
    "detect": "segment what a model of the healthy brain cannot reconstruct",
    "models": "list the models",
    "picture": "one slice of a detection as a picture",
    "train": "train a model on the healthy subjects of cohort folders",
    "sample": "draw slices from the prior of a VAE or of AnoGAN",
    "evaluate": "score models on a cohort with lesion masks",
    "experiment": "the paper's comparison from nothing, as one report",
    "preprocess": "prepare a cohort once, to train many models on it",
    "simulate": "make a cohort from label maps",
    "template": "rebuild the FLAIR template from label maps",
    "bench": "measure what the README claims",
}
BESIDE = {"template": "tools.template", "bench": "benchmarks.bench"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, or 2 with one sentence on stderr for an unusable input."""
    options = _parser(sys.argv[1:] if arguments is None else arguments).parse_args(arguments)
    try:
        options.run(options)
    except BrokenPipeError:  # whoever read the output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ScanError, CheckpointError, ValueError, FloatingPointError, OSError) as error:
        print(f"uad_core: {sentence(error)}", file=sys.stderr)
        return 2
    return 0


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Of all commands; only the one that is asked for is imported, since some take seconds to."""
    parser = argparse.ArgumentParser(prog="python -m uad_core", description=RESEARCH_ONLY)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary)
        if name in words:
            import_module(BESIDE.get(name, f"uad_core.commands.{name}")).add_arguments(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
