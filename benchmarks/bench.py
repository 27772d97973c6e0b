"""`make bench`: the figures of the README."""

import argparse

from benchmarks.segment import bench


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no options."""
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the figures as they come."""
    for line in bench():
        print(line, flush=True)
