"""`python -m uad_core sample`: slices that a model draws from its prior, as in the paper's Fig. 5."""

import argparse

import numpy as np

from uad_core.commands import FILE, add_checkpoints
from uad_core.io.atomic import write_atomically
from uad_core.models.checkpoint import load_checkpoint
from uad_core.render.slices import grid_png


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    add = parser.add_argument
    text = "name of a checkpoint of a VAE, a VAE-GAN or AnoGAN (default: %(default)s)"
    add("--model", default="anogan", help=text)
    add("--count", type=int, default=12, help="number of slices (default: %(default)s)")
    add("--columns", type=int, default=6, help="slices in a row of the picture (default: %(default)s)")
    add("--seed", type=int, default=0, help="same seed: same slices (default: %(default)s)")
    add("--out", **FILE, required=True, help="PNG file to write")
    add_checkpoints(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Draw and write the picture."""
    checkpoint = load_checkpoint(options.model, options.checkpoints)
    if options.count < 1 or options.columns < 1:
        raise ValueError("At least one slice and one column are needed.")
    drawn: np.ndarray = checkpoint.model.sample(options.count, options.seed)[:, 0].cpu().numpy()
    write_atomically(options.out, grid_png(drawn, options.columns))
    print(options.out)
