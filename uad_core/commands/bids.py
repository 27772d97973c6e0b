"""`python -m uad_core bids BIDS_DIR OUT participant`: a BIDS App, for as many scans as there are."""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from uad_core import RESEARCH_ONLY
from uad_core.commands.detect import add_setting, add_steps, chosen_options, chosen_setting
from uad_core.detect.export import BIDS_IGNORE, DATASET_DESCRIPTION
from uad_core.detect.result_files import write_results
from uad_core.doors.bids_scans import BidsScan, find_scans
from uad_core.doors.engines import on_dask, on_slurm, on_this_machine, usual_jobs
from uad_core.doors.group import STEM, write_group
from uad_core.doors.one_scan import LOGS, ScanTask, Setting
from uad_core.io.output import check_folder
from uad_core.io.volume import ScanError

IGNORED = f"{BIDS_IGNORE}{LOGS}/\n{STEM}.*\n"  # files that BIDS has no name for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    add = parser.add_argument
    add("bids_dir", type=Path, metavar="BIDS_DIR", help="BIDS dataset with FLAIR scans")
    add("out", type=Path, metavar="OUT", help="folder for the results, as BIDS derivatives")
    add("level", choices=("participant", "group"), help="participant: detect; group: one table and page of all scans")
    labels: dict[str, Any] = {"nargs": "+", "default": [], "metavar": "LABEL"}
    add("--participant-label", **labels, help="with or without sub- (default: all)")
    add("--session-label", **labels, help="with or without ses- (default: all)")
    text = "processes at once, or jobs of a cluster (default: one for each core that has memory for a scan)"
    add("--jobs", type=int, help=text)
    text = "work on the Dask cluster whose scheduler is there; its workers are started in the project's folder"
    engine = parser.add_mutually_exclusive_group()
    engine.add_argument("--dask", metavar="ADDRESS", help=text)
    text = "work as an array of Slurm jobs; `local`: as processes of this machine, to try it out"
    engine.add_argument("--slurm", nargs="?", const="slurm", choices=("slurm", "local"), help=text)
    add_setting(parser)
    add_steps(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Do one level; a scan that cannot be used is a row of the table, with the reason."""
    if options.jobs is not None and options.jobs < 1:
        raise ScanError("jobs", "At least one process is needed: --jobs 1.")
    if options.bids_dir.resolve() == options.out.resolve():
        raise ScanError("output", "The results cannot go into the dataset itself. Name another folder.")
    scans = find_scans(options.bids_dir, options.participant_label, options.session_label)
    print(RESEARCH_ONLY)
    if options.level == "group":
        print(*write_group(scans, options.out), sep="\n")
        return
    check_folder(options.out)
    write_results(options.out, {}, IGNORED, DATASET_DESCRIPTION)
    tasks = tasks_of(scans, options)
    states: Counter[str] = Counter()
    with tqdm(total=len(tasks), unit="scan") as bar:
        for record in _engine(tasks, options):
            bar.update()
            states[record["state"] if record["again"] else "done before"] += 1
            if record["state"] != "done":
                tqdm.write(f"sub-{record['label']} {record['state']}: {record['sentence']}")
    print(", ".join(f"{count} {state}" for state, count in sorted(states.items())))


def tasks_of(scans: tuple[BidsScan, ...], options: argparse.Namespace) -> list[ScanTask]:
    """The scans with the setting that the options ask for."""
    checkpoint, config = chosen_setting(options)
    folder = options.checkpoints.resolve()
    setting = Setting(checkpoint.name, folder, checkpoint.identity, config, chosen_options(options))
    out = options.out.resolve()  # as another process or machine sees it
    return [ScanTask(scan.path.resolve(), scan.label, out, setting, scan.problem) for scan in scans]


def _engine(tasks: list[ScanTask], options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    if options.dask:
        return on_dask(tasks, options.dask)
    if options.slurm:
        return on_slurm(tasks, options.slurm, options.jobs or len(tasks), options.out / LOGS / "slurm")
    return on_this_machine(tasks, min(options.jobs or usual_jobs(), len(tasks)))
