"""`python -m uad_core sample`: slices that a model draws from its prior, as in the paper's Fig. 5."""

import argparse
from pathlib import Path

import numpy as np

from uad_core.io.atomic import write_atomically
from uad_core.io.paths import CHECKPOINTS
from uad_core.models.checkpoint import load_checkpoint
from uad_core.render.slices import grid_png


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "--model", default="anogan", help="name of a checkpoint of a VAE, a VAE-GAN or AnoGAN (default: %(default)s)"
    )
    parser.add_argument("--count", type=int, default=12, help="number of slices (default: %(default)s)")
    parser.add_argument("--columns", type=int, default=6, help="slices in a row of the picture (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="same seed: same slices (default: %(default)s)")
    parser.add_argument("--out", type=Path, metavar="FILE", required=True, help="PNG file to write")
    parser.add_argument(
        "--checkpoints",
        type=Path,
        metavar="FOLDER",
        default=CHECKPOINTS,
        help="of checkpoints (default: the project's)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Draw and write the picture."""
    checkpoint = load_checkpoint(options.model, options.checkpoints)
    if options.count < 1 or options.columns < 1:
        raise ValueError("At least one slice and one column are needed.")
    drawn: np.ndarray = checkpoint.model.sample(options.count, options.seed)[:, 0].cpu().numpy()
    write_atomically(options.out, grid_png(drawn, options.columns))
    print(options.out)
