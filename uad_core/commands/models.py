"""`python -m uad_core models`: every model in a row, with its size, its idea and its weakness."""

import argparse
from textwrap import fill

from uad_core.models import MODELS
from uad_core.models.checkpoint import build_model, checkpoint_names, load_checkpoint

COLUMNS = "{:<10} {:<25} {:>10}  {:<22} {}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no options."""
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    print(COLUMNS.format("name", "latent", "parameters", "bundled checkpoint", "source"))
    for name, spec in MODELS.items():
        size = build_model(name).learned_numbers()
        print(COLUMNS.format(name, spec.latent, f"{size:,}", bundled(name), spec.source))
        length = load_checkpoint(name).length if name in checkpoint_names() else ""
        print(fill(f"{spec.idea} {spec.weakness} {length}", 116, initial_indent=" " * 11, subsequent_indent=" " * 11))


def bundled(name: str) -> str:
    """Whether a checkpoint of that name ships, and whether it learned."""
    if name not in checkpoint_names():
        return "no"
    return {True: "yes", False: "yes, did not learn", None: "yes"}[load_checkpoint(name).learned]
