"""Cohort folders near the project, and one that a user names."""

import os
from contextlib import suppress
from pathlib import Path

from uad_core.cohorts.cohort import Cohort, open_cohort
from uad_core.cohorts.names import CohortFile, comparable
from uad_core.io.paths import ROOT
from uad_core.io.volume import ScanError

NOT_COHORTS = {"runs", "checkpoints", "uad_core", "tests", "pages", "docs"}


class RunError(ValueError):
    """A training that cannot be started or resumed; the text is a sentence for the user."""


def usable_cohort(folder: Path) -> Cohort:
    """The cohort in that folder. Raises RunError, with a sentence, where there is none."""
    try:
        there = folder.expanduser()
        if not there.is_dir():
            raise RunError(f"There is no folder {folder}. Check its path.")
        return open_cohort(there)
    except ScanError as error:
        raise RunError(f"This folder is no cohort. {error}") from None
    except (OSError, RuntimeError):  # a name that is none, or the home of nobody
        raise RunError("The cohort folder cannot be read. Check its path.") from None


def find_cohorts(root: Path = ROOT) -> dict[Path, tuple[int, int]]:
    """Cohort folders in `root`, at most three floors down, with their numbers of patients and of healthy subjects."""
    found = {}
    for path, folders, names in os.walk(root, followlinks=True):
        folder = Path(path)
        deeper = sorted(name for name in folders if name not in NOT_COHORTS and not name.startswith("."))
        folders[:] = deeper if len(folder.relative_to(root).parts) < 3 else []
        if folder != root and any(_is_scan(folder / name) for name in names):
            with suppress(ScanError, OSError):  # not a cohort that could be used
                cohort = open_cohort(folder)
                healthy = len(cohort.healthy.subjects)
                found[folder] = (len(cohort.subjects) - healthy, healthy)
    return found


def _is_scan(path: Path) -> bool:
    return not path.name.startswith(".") and CohortFile(path, comparable(path.name)).subject is not None
