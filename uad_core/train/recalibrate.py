"""A healthy reference of one's own for a trained model: nothing is learnt, only residuals are counted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from uad_core.atlas.space import Slab
from uad_core.cohorts.cohort import Cohort, Subject
from uad_core.cohorts.load import load_subject
from uad_core.io.volume import ScanError
from uad_core.models.calibration import Calibration, Reference, ResidualHistogram
from uad_core.models.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from uad_core.pipeline.postprocess import PostprocessConfig
from uad_core.train.calibrate import CohortCounts

LEAST_SCANS = 5
OWN = ("name", "model", "config", "slab", "sha256", "calibration")  # what `save_checkpoint` writes by itself


@dataclass(frozen=True)
class Certainty:
    """How far a threshold from few scans can be trusted, by holding each scan against the others."""

    percentile: float
    threshold: float
    lowest: float  # threshold with one scan left out
    highest: float
    shares: tuple[float, ...]  # per cent of each scan above the threshold of the others, rising

    @classmethod
    def of(cls, scans: Sequence[ResidualHistogram], percentile: float) -> "Certainty":
        """Of two or more scans."""
        total = np.sum([scan.counts for scan in scans], axis=0)
        others = [ResidualHistogram(total - scan.counts).threshold(percentile) for scan in scans]
        shares = sorted(100 - scan.percentile(own) for scan, own in zip(scans, others, strict=True))
        threshold = ResidualHistogram(total).threshold(percentile)
        return cls(percentile, threshold, min(others), max(others), tuple(shares))

    def sentence(self) -> str:
        """For people."""
        count, meant, low, high = len(self.shares), 100 - self.percentile, self.shares[0], self.shares[-1]
        return (
            f"Percentile {self.percentile:g} is a threshold of {self.threshold:.4f}, from {self.lowest:.4f} to "
            f"{self.highest:.4f} when one of the {count} scans is left out. Held against the others, a healthy scan "
            f"has {low:.2f} to {high:.2f} % flagged, median {np.median(self.shares):.2f}, where "
            f"{meant:g} are meant; a further scan of this kind has more than the most of these with a probability "
            f"of about 1 in {count + 1}."
        )


@dataclass(frozen=True)
class RecalibrateProgress:
    """One scan is counted, or was refused for the reason in `problem`; with the last one the result is there."""

    subject: str
    done: int
    total: int
    problem: str = ""
    certainty: Certainty | None = None


@dataclass(frozen=True)
class Recalibration:
    """What is to be calibrated, and where the checkpoint with the new reference goes."""

    checkpoint: Checkpoint
    cohort: Cohort  # whose healthy subjects are counted
    out: Path
    name: str  # of the checkpoint that is written
    slab: Slab | None = None  # fewer levels than the model knows: then the new reference is the only one

    def subjects(self) -> tuple[Subject, ...]:
        """The healthy ones that the model was not trained on. Raises ScanError: too few; ValueError: a taken name."""
        name, record = self.cohort.name, self.checkpoint.record
        before = (record.get("begun_with") or {}).get("trained_on") or []
        entries = [entry for entry in [*before, *record.get("trained_on", [])] if entry["cohort"] == name]
        known = {subject for entry in entries for subject in entry["subjects"]}
        kept = tuple(subject for subject in self.cohort.healthy.subjects if subject.name not in known)
        if len(kept) < LEAST_SCANS:
            unseen = " that the model was not trained on" if known else ""
            few = f"Cohort {name} has {len(kept)} healthy scans{unseen}; at least {LEAST_SCANS} are needed."
            raise ScanError("cohort", few)
        references = self.checkpoint.calibration.references
        if name in references and name not in record.get("calibrated_on", {}) and not self._starts_anew:
            raise ValueError(f"The model has a healthy reference named {name} from its training; rename your cohort.")
        if (self.out / f"{self.name}.json").exists():
            there = load_checkpoint(self.name, self.out)
            own, slab = self.checkpoint, self.slab or self.checkpoint.slab
            if (there.sha256, there.record["model"], there.slab) != (own.sha256, own.record["model"], slab):
                raise ValueError(f"There is another checkpoint named {self.name} in that folder; choose another name.")
        return kept

    @property
    def _starts_anew(self) -> bool:
        return self.slab not in (None, self.checkpoint.slab)


def recalibrate(asked: Recalibration) -> Iterator[RecalibrateProgress]:
    """Count the filtered residuals of each scan, then write the checkpoint with one more reference.

    How sure a threshold is, is said of the percentile that suits the model. A scan that cannot be prepared is reported
    and left out. Raises as `Recalibration.subjects`, ScanError also where too few scans could be prepared; nothing is
    written then.
    """
    checkpoint, cohort = asked.checkpoint, asked.cohort
    subjects, slab = asked.subjects(), asked.slab or checkpoint.slab
    if not set(slab.levels) <= set(checkpoint.slab.levels):
        raise ValueError(f"Model {checkpoint.name} does not know all of these axial levels.")
    counts, each, used = CohortCounts(cohort.simulated), [], list[str]()
    key = (checkpoint.spec.signed, PostprocessConfig.median_size)
    for done, subject in enumerate(subjects, 1):
        problem = ""
        try:
            prepared = load_subject(subject, slab)
        except ScanError as error:
            problem = str(error)
        else:
            before = counts.counts.get(key, np.zeros(1, np.int64))
            counts.add(prepared, checkpoint.model, checkpoint.calibration.erosion_mm)
            each.append(counts.counts[key] - before)
            used.append(subject.name)
        if done < len(subjects) or problem:
            yield RecalibrateProgress(subject.name, done, len(subjects), problem)
    if len(used) < LEAST_SCANS:
        raise ScanError("cohort", f"Only {len(used)} scans could be prepared; at least {LEAST_SCANS} are needed.")
    certainty = Certainty.of([ResidualHistogram(one) for one in each if one.any()], checkpoint.spec.percentile)
    _write(asked, slab, counts.reference(), used, certainty)
    yield RecalibrateProgress(subjects[-1].name, len(subjects), len(subjects), certainty=certainty)


def _write(asked: Recalibration, slab: Slab, reference: Reference, used: list[str], certainty: Certainty) -> None:
    checkpoint, cohort = asked.checkpoint, asked.cohort
    kept = {} if asked._starts_anew else dict(checkpoint.calibration.references)
    calibration = Calibration(checkpoint.calibration.erosion_mm, kept | {cohort.name: reference})
    about: dict[str, Any] = {key: value for key, value in checkpoint.record.items() if key not in OWN}
    others = [one for one in about.get("trained_on", []) if one["cohort"] != cohort.name or one["subjects"]]
    here = {"cohort": cohort.name, "simulated": cohort.simulated, "subjects": [], "held_out": used}
    about["trained_on"] = [*others, here]
    about["calibrated_on"] = about.get("calibrated_on", {}) | {cohort.name: certainty.sentence()}
    save_checkpoint(asked.out / asked.name, checkpoint.record["model"], checkpoint.model, slab, calibration, about)
