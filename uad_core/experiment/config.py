"""What an experiment is to do."""

from dataclasses import dataclass
from pathlib import Path

from uad_core.evaluate.config import EvaluateConfig
from uad_core.io.paths import CHECKPOINTS


@dataclass(frozen=True)
class ExperimentConfig:
    """All that the command line can say."""

    out: Path  # folder for everything that is made
    quick: bool = False
    # FreeSurfer-style files to simulate from; none: the bundled samples are the simulated cohort
    label_maps: tuple[Path, ...] = ()
    cohorts: tuple[Path, ...] = ()  # folders of further cohorts
    models: tuple[str, ...] | None = None  # rows of the tables; None: all there are, and plain intensity
    checkpoints: Path = CHECKPOINTS  # folder of checkpoints, unless they are trained here
    train: int | None = None  # epochs to train each model for; None: no training
    seed: int = 2018  # of simulation, training, samples and bootstrap
    resamples: int = 2000

    def __post_init__(self) -> None:
        if self.train is not None and self.train < 1:
            raise ValueError("train needs at least one epoch.")
        if self.models is not None and not self.models:
            raise ValueError("Name at least one model.")

    @property
    def subjects(self) -> tuple[int, int]:
        """Healthy subjects and patients to simulate; else as many as Baur et al. 2018 had."""
        return (4, 4) if self.quick else (83, 49)

    def evaluation(self, slices: bool) -> EvaluateConfig:
        """How a cohort of volumes, or of single slices, is evaluated; quickly: a few patients and healthy subjects."""
        few = 24 if slices else 4
        return EvaluateConfig(limit=few if self.quick else None, resamples=self.resamples, seed=self.seed)
