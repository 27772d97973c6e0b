"""A cohort's scans as `evaluate` sees them, to be looked at again."""

from __future__ import annotations

from collections.abc import Sequence

from uad_core.cohorts.cohort import Cohort
from uad_core.evaluate import EvaluateConfig, Row
from uad_core.evaluate.cases import Case, load_case
from uad_core.evaluate.score_cohort import levels

KEPT = 8  # scenes


class CaseCache:
    """Scenes by subject. The last few are kept, since a whole head takes half a minute to prepare."""

    def __init__(self, cohort: Cohort, rows: Sequence[Row], config: EvaluateConfig) -> None:
        self._subjects = {subject.name: subject for subject in cohort.subjects}
        self._slab, self._known = levels(rows, config)
        self._erosion_mm = config.erosion_mm
        self._kept: dict[str, Case] = {}

    def keep(self, case: Case) -> Case:
        """Remember it, and forget the oldest beyond `KEPT`."""
        self._kept[case.subject.name] = case
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return case

    def __getitem__(self, name: str) -> Case:
        """Raises ScanError where the scan cannot be prepared."""
        if name in self._kept:
            return self._kept[name]
        return self.keep(load_case(self._subjects[name], self._slab, self._known, self._erosion_mm))
