"""Cohort folders near the project, and one that a user names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from uad_core.cohorts.cohort import FLAIR, Cohort, open_cohort
from uad_core.io.paths import ROOT
from uad_core.io.volume import ScanError

NOT_COHORTS = {"runs", "checkpoints", "uad_core", "tests", "pages", "docs"}


class RunError(ValueError):
    """A training that cannot be started or resumed; the text is a sentence for the user."""


def usable_cohort(folder: Path) -> Cohort:
    """The cohort in that folder. Raises RunError, with a sentence, where there is none."""
    try:
        if not folder.expanduser().is_dir():
            raise RunError(f"There is no folder {folder}. Check its path.")
        return open_cohort(folder.expanduser())
    except ScanError as error:
        raise RunError(f"{folder} is no cohort. {error}") from None
    except RunError:
        raise
    except (ValueError, OSError, RuntimeError, AttributeError):
        raise RunError(f"{folder} cannot be read, or its cohort.json or participants.tsv is damaged.") from None


def find_cohorts(root: Path = ROOT) -> dict[Path, int]:
    """Cohort folders in `root`, at most three floors down, with their numbers of healthy subjects."""
    found = {}
    for folder in _folders(root, 3):
        try:
            if any(FLAIR.match(path.name) and "_desc-" not in path.name for path in folder.iterdir()):
                found[folder] = len(open_cohort(folder).healthy.subjects)
        except (ValueError, OSError, AttributeError):
            continue  # not a cohort that could be used
    return found


def _folders(root: Path, floors: int) -> Iterator[Path]:
    for path in sorted(root.iterdir()) if floors and os.access(root, os.R_OK | os.X_OK) else ():
        if path.is_dir() and path.name not in NOT_COHORTS and not path.name.startswith("."):
            yield path
            yield from _folders(path, floors - 1)
